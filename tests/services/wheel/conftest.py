from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.services.wheel.turning import Turning, alert_of, turning

from driftwheel.services.wheel.answer_turn import answer_turn
from driftwheel.store.engine.database import open_database
from driftwheel.store.files.blobs import Blobs

Stages = Callable[[str], Turning]


@dataclass(frozen=True)
class Prepared:
    """One turn that was gone through, with a copy of its database at each stage."""

    folder: Path
    stages: dict[str, Turning]


@pytest.fixture(scope="session")
def prepared(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A turn about an alert, kept where it waits: for labels, a training, the gate, an answer, new images."""
    folder = tmp_path_factory.mktemp("wheel")
    file = folder / "driftwheel.sqlite"
    shutil.copyfile(migrated_sqlite, file)
    engine = open_database(f"sqlite:///{file}")
    its = turning(engine, Blobs.open(f"file://{folder / 'blobs'}"))
    stages: dict[str, Turning] = {}

    def keep(name: str) -> None:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(folder / name)) as copy:
            source.backup(copy)
        stages[name] = replace(its)

    keep("logged")
    its.begin(trigger="alert", cause="Drift was found.", alert=alert_of(its))
    keep("begun")
    its.advance()
    keep("labels")
    its.label()
    its.advance()
    keep("training")
    its.train()
    its.advance()
    its.gate()
    its.advance()
    keep("answer")
    answer_turn(engine, its.its.name, 1, "promote", by="ada", now=its.now)
    its.advance()
    keep("images")
    engine.dispose()
    return Prepared(folder, stages)


@pytest.fixture
def at_stage(prepared: Prepared, tmp_path: Path) -> Iterator[Stages]:
    """Open a copy of the turn at a stage, to go on from there."""
    opened = []

    def open_stage(name: str) -> Turning:
        shutil.copyfile(prepared.folder / name, tmp_path / "driftwheel.sqlite")
        engine = open_database(f"sqlite:///{tmp_path / 'driftwheel.sqlite'}")
        opened.append(engine)
        known = prepared.stages[name]
        return replace(known, its=replace(known.its, engine=engine))

    yield open_stage
    for one in opened:
        one.dispose()
