"""Simulated crowds of the benchmark, for tests."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

CROWDS = Path(__file__).parents[2] / "bench" / "labels_crowds.py"


@pytest.fixture(scope="session")
def crowds() -> Any:
    """The module bench/labels_crowds.py."""
    spec = spec_from_file_location("labels_crowds", CROWDS)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["labels_crowds"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
