"""A worker takes challengers to the gate, and promotes where that is the policy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.services.release.registry import NOW, new_registry
from tests.services.release.two_colours import CHANGED, CLASSES, log, network
from tests.workflows.installation import addresses

from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.release.set_policy import set_policy
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.release.gate_runs import gate_run_by_key
from driftwheel.workflows import run


@pytest.fixture
def own_database(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Engine]:
    shutil.copyfile(migrated_sqlite, tmp_path / "driftwheel.sqlite")
    engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
    yield engine
    run.stop()
    engine.dispose()


def test_a_worker_makes_the_comparison(own_database: Engine, tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"))
    its = new_registry(own_database, blobs, classes=CLASSES)
    its.add("v1", network(blue=1.0))
    its.add("v2", network(blue=1.0, red=1.0))
    its.add("v3", network(blue=1.0, red=0.9))
    log(its, 60, red=False, seed=1)
    log(its, 50, red=True, seed=2)
    rule = {"margin": 0.12, "segment_margin": 0.12, "latency_ratio": 100}
    set_policy(own_database, its.name, policy="promote", rule=rule, by="me", now=NOW)
    first = ask_gate(own_database, its.name, "v2", chosen=GateSlice(since=CHANGED), by="me", now=NOW)
    second = ask_gate(own_database, its.name, "v3", chosen=GateSlice(since=CHANGED), by="me", now=NOW)
    run.start(addresses("sqlite", tmp_path), own_database, blobs, threads=1, summary_share=1.0)
    assert run.wait_until_idle(60)
    with reading(own_database) as connection:
        let_in = gate_run_by_key(connection, first.key)
        void = gate_run_by_key(connection, second.key)
    assert let_in is not None
    assert void is not None
    assert (let_in.decision, let_in.answer) == ("promote", "promoted")
    assert its.alias("champion") == "v2"
    assert void.state == "failed"
    assert "The champion is another by now" in str(void.reason)
