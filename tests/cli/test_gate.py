"""The commands of the gate: compared, promoted and rolled back by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.services.release.registry import NOW, Registry
from tests.services.release.two_colours import CLASSES, log, network
from typer.testing import CliRunner, Result

from driftwheel.cli.app import app
from driftwheel.errors import UsageError
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.release.set_policy import set_policy
from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs


def call(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_a_challenger_goes_live_and_back(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWHEEL_DATA", str(tmp_path))
    monkeypatch.setenv("DRIFTWHEEL_DISK_RESERVE_BYTES", "0")
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    new = NewModel("cam", "classification", CLASSES, embedder="none", segment_tags=("camera",))
    its = Registry(
        engine, Blobs.open(f"file://{tmp_path}/blobs"), register_model(engine, new, by="me", now=NOW)
    )
    for name, red, blue in (("v1", 0.0, 1.0), ("v2", 1.0, 1.0), ("v3", 1.0, 0.0)):
        its.add(name, network(red=red, blue=blue))
    log(its, 60, red=False, seed=1)
    log(its, 40, red=True, seed=2)
    rule = {"margin": 0.12, "segment_margin": 0.12, "latency_ratio": 100}
    set_policy(engine, "cam", rule=rule, by="me", now=NOW)

    made = call("gate", "cam", "v2", "--since", "2026-11-21T12:00:00Z")
    assert made.exit_code == 0, made.output
    assert "v2 is let in. Promote it with: driftwheel promote cam v2" in made.output
    assert "what drifted" in made.output
    told = call("gate", "cam", "v3", "--since", "2026-11-21T12:00:00Z", "--json")
    assert told.exit_code == 6
    checks = json.loads(told.output)["checks"]
    assert {one["on"]: one["found"] for one in checks}["everything else"] == "failed"
    few = call("gate", "cam", "v2", "--since", "2026-11-21T12:35:00Z")
    assert few.exit_code == 4
    assert "labels more are needed" in few.output
    wrong = call("gate", "cam", "v2", "--segment", "north")
    assert isinstance(wrong.exception, UsageError)
    assert "'north' is no segment" in str(wrong.exception)
    assert "not several" in str(call("gate", "cam", "v2", "--everything", "--alert", "1").exception)

    assert "has not let 'v3' in" in str(call("promote", "cam", "v3").exception)
    out = call("promote", "cam", "v3", "--without-gate", "--reason", "Tried by hand.").output
    assert "The champion of cam is v3" in out
    assert "The champion of cam is v1 again" in call("rollback", "cam").output
    assert "version v1: champion" in call("models", "show", "cam").output
    assert "there is none before it" in str(call("rollback", "cam").exception)
    engine.dispose()
