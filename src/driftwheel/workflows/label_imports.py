"""The workflows `label-import`, that reads a label file into a pool, and `label-undo`, that undoes that."""

from __future__ import annotations

from dbos import DBOS

from driftwheel.services.exchange.brought_images import Bringing
from driftwheel.services.exchange.kept_imports import read_kept
from driftwheel.services.exchange.undo_import import advance_undo
from driftwheel.workflows.worker import current

__all__ = ["label_import", "label_undo"]

_MOST_STEPS = 200  # so that the history of one workflow stays short; the next round goes on


@DBOS.workflow(name="label-import")
def label_import(key: int) -> str:
    """Read a file that was kept; return the state of its import."""
    return _read(key)


@DBOS.workflow(name="label-undo")
def label_undo(key: int) -> int:
    """Undo an import, or a part of it; return how many steps that took."""
    steps = 0
    while steps < _MOST_STEPS and _undo(key):
        steps += 1
    return steps


@DBOS.step(name="label-import-read")
def _read(key: int) -> str:
    worker = current()
    with worker.step():
        return read_kept(worker.engine, key, Bringing(worker.blobs, worker), now=worker.now())


@DBOS.step(name="label-undo-part")
def _undo(key: int) -> bool:
    worker = current()
    with worker.step():
        return advance_undo(worker.engine, key, now=worker.now())
