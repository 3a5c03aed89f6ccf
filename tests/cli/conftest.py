"""An installation to give commands to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.databases import migrated_file
from typer.testing import CliRunner, Result

from driftwheel.cli import app

Administer = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of an installation on SQLite, with tables and nothing in them."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copyfile(migrated_file(), folder / "driftwheel.sqlite")
    return folder


@pytest.fixture
def administer(data: Path) -> Administer:
    """Give a command to it; `typed` is its standard input."""

    def invoke(*words: object, typed: str = "") -> Result:
        environment = {"DRIFTWHEEL_DATA": str(data), "COLUMNS": "120"}
        return CliRunner().invoke(app, list(map(str, words)), input=typed, env=environment)

    return invoke
