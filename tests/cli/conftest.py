"""An installation to give commands to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from driftwheel.cli import app
from driftwheel.store.engine.database import open_database
from driftwheel.store.engine.migrate import migrate

Administer = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of an installation on SQLite, with tables and nothing in them."""
    folder = tmp_path / "data"
    folder.mkdir()
    engine = open_database(f"sqlite:///{folder / 'driftwheel.sqlite'}")
    migrate(engine)
    engine.dispose()
    return folder


@pytest.fixture
def administer(data: Path) -> Administer:
    """Give a command to it; `typed` is its standard input."""

    def invoke(*words: object, typed: str = "") -> Result:
        environment = {"DRIFTWHEEL_DATA": str(data), "COLUMNS": "120"}
        return CliRunner().invoke(app, list(map(str, words)), input=typed, env=environment)

    return invoke
