"""A challenger in the shadow answers what comes, and its answers can be compared."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from tests.services.release.registry import NOW, Registry, new_registry
from tests.services.release.two_colours import CLASSES, log, network

from driftwheel.services.release.answer_in_shadow import answer_in_shadow, waiting_shadows
from driftwheel.services.release.change_version import start_shadow, stop_shadow
from driftwheel.services.release.compare_shadow import ShadowComparison, compare_shadow
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.release.aliases import ModelAlias


def waiting(its: Registry) -> list[ModelAlias]:
    return [one for one in waiting_shadows(its.engine) if one.model == its.model.key]


def answered(its: Registry) -> int:
    return sum(answer_in_shadow(its.engine, its.blobs, one, threads=1) for one in waiting(its))


def compared(its: Registry) -> ShadowComparison | None:
    with reading(its.engine) as connection:
        return compare_shadow(connection, its.model, its.version("v2"), its.version("v1"))


def test_it_answers_what_comes_from_then_on(shared_database: Engine, tmp_path: Path) -> None:
    its = new_registry(shared_database, Blobs.open(f"file://{tmp_path}"), classes=CLASSES)
    its.add("v1", network(blue=1.0))
    its.add("v2", network(blue=-1.0))  # says the opposite
    log(its, 5, red=False, seed=1)
    assert not waiting(its)
    start_shadow(its.engine, its.name, "v2", by="me", now=NOW)
    assert its.version("v2").state == "shadow"
    assert its.alias("challenger") == "v2"
    assert answered(its) == 0  # what came before is passed over
    assert compared(its) is None
    log(its, 70, red=False, seed=2)
    assert [answered(its), answered(its), answered(its)] == [64, 6, 0]
    assert not waiting(its)
    found = compared(its)
    assert found is not None
    assert (found.answers, found.n, found.agreed) == (70, 70, 0)
    assert (found.labelled.n, found.labelled.lost, found.labelled.gained) == (70, 70, 0)
    assert found.high < -0.9
    assert len(found.differing) == 8
    stop_shadow(its.engine, its.name, by="me", now=NOW)
    log(its, 3, red=False, seed=3)
    assert not waiting(its)
    assert its.version("v2").state == "trained"


def test_a_file_that_is_lost_holds_nothing_up(shared_database: Engine, tmp_path: Path) -> None:
    its = new_registry(shared_database, Blobs.open(f"file://{tmp_path}"), classes=CLASSES)
    its.add("v1", network(blue=1.0))
    version = its.add("v2", network(blue=-1.0))
    start_shadow(its.engine, its.name, "v2", by="me", now=NOW)
    assert answered(its) == 0
    log(its, 3, red=False, seed=4)
    assert version.artifact is not None
    its.blobs.delete(version.artifact)
    assert answered(its) == 0
    assert not waiting(its)
