"""The workflow `wheel`: advance a turn of the wheel until it waits for something."""

from __future__ import annotations

from dbos import DBOS

from driftwheel.services.wheel.advance_turn import advance_turn
from driftwheel.workflows.worker import current

__all__ = ["wheel"]

_MOST_STEPS = 100  # so that the history of one workflow stays short; the next round goes on


@DBOS.workflow(name="wheel")
def wheel(key: int) -> int:
    """Advance a turn, and return how many moves it made."""
    moves = 0
    while moves < _MOST_STEPS and _advance(key):
        moves += 1
    return moves


@DBOS.step(name="wheel-advance")
def _advance(key: int) -> bool:
    worker = current()
    with worker.step():
        return advance_turn(worker.engine, worker.blobs, key, now=worker.now(), threads=worker.threads)
