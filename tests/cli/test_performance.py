from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.services.performance.labelled_days import labelled_days
from typer.testing import CliRunner

from driftwheel.cli.app import app
from driftwheel.errors import UsageError
from driftwheel.store.engine.database import open_database
from driftwheel.store.engine.migrate import migrate


@pytest.fixture(autouse=True)
def days(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWHEEL_DATA", str(data))
    data.mkdir(parents=True, exist_ok=True)
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    migrate(engine)
    made = labelled_days(engine, "animals")
    made.log(0, {"cat": 40, "dog": 10})
    made.tell(0, "cat", 50)
    made.sum_up()
    engine.dispose()


def test_figures_and_windows_as_tables_and_as_json() -> None:
    said = CliRunner().invoke(app, ["performance", "animals"])
    assert said.exception is None, said.exception
    words = [line.split() for line in said.output.splitlines()]
    assert ["balanced", "accuracy", "0.800"] in [line[:3] for line in words]
    assert ["2026-03-04", "00:00", "0.800"] in [line[:3] for line in words]
    told = CliRunner().invoke(app, ["performance", "animals", "--segment", "camera=1", "--json"])
    found = json.loads(told.output)
    assert (found["value"], found["figures"]["accuracy"]["value"]) == ("1", 0.8)


def test_what_makes_no_sense_is_said() -> None:
    wrong = CliRunner().invoke(app, ["performance", "animals", "--segment", "camera"])
    assert isinstance(wrong.exception, UsageError)
    assert "give a tag and its value" in str(wrong.exception)
    assert "Did you mean 'animals'" in str(CliRunner().invoke(app, ["performance", "animal"]).exception)
