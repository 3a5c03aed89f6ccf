"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.web.serving import Running, serving

__all__ = ["server"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for the tests of one file, with the models `cats` (classes) and `parts` (boxes)."""
    with serving(tmp_path_factory.mktemp("data")) as running:
        running.model("cats")
        running.model("parts", "detection")
        yield running
