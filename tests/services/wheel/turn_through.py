"""A process that lets a turn of the wheel go through; tests kill it on the way. Run again it goes on."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from tests.services.release.registry import NOW, Registry
from tests.services.wheel.turning import Turning

from driftwheel.services.wheel.answer_turn import answer_turn
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import list_models
from driftwheel.store.wheel.newest_record import newest_record
from driftwheel.store.wheel.turns import open_turn


def turn_through(url: str, folder: Path) -> None:
    """Do what workers and people do until the turn has ended, whatever of it is done already."""
    engine = open_database(url)
    with reading(engine) as connection:
        (model,) = list_models(connection)
        turn = open_turn(connection, model.key)
    its = Turning(Registry(engine, Blobs.open(f"file://{folder / 'blobs'}"), model), turn=turn)
    while turn is not None:
        its.now = NOW
        seen = its.advance()
        if not seen.turn.is_open:
            break
        match seen.turn.waits:
            case "labels":
                its.label()
            case "training":
                its.train()
            case "gate":
                its.gate()
            case "answer":
                answer_turn(engine, model.name, turn.number, "promote", by="ada", now=its.now)
            case "images":
                with reading(engine) as connection:
                    seen_until = seen.steps[-2].step.found["seen"]
                    there = newest_record(connection) > seen_until
                if not there:
                    its.log(30, red=True, seed=3, start=NOW + timedelta(hours=1), version="turn-1")
                its.now = NOW + timedelta(hours=1)
                its.advance()
    engine.dispose()


if __name__ == "__main__":
    turn_through(sys.argv[1], Path(sys.argv[2]))
