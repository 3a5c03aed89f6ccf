"""The workflow `shadow`: let a challenger answer the records that came."""

from __future__ import annotations

from dbos import DBOS

from driftwheel.services.release.answer_in_shadow import answer_in_shadow, waiting_shadows
from driftwheel.workflows.worker import current

__all__ = ["shadow"]


@DBOS.workflow(name="shadow")
def shadow(model: int) -> int:
    """Answer the next records of a model, and return how many were answered."""
    return _answer(model)


@DBOS.step(name="shadow-answer")
def _answer(model: int) -> int:
    worker = current()
    with worker.step():
        waiting = [one for one in waiting_shadows(worker.engine) if one.model == model]
        return sum(
            answer_in_shadow(worker.engine, worker.blobs, one, threads=worker.threads) for one in waiting
        )
