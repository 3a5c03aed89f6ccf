"""The workflows `assist`, that trains the assistant of a project, and `automatic`, that labels for it."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.errors import DriftwheelError
from driftwheel.services.assist.advance_automatic import advance_automatic
from driftwheel.services.assist.due_assistance import due_of
from driftwheel.services.assist.embed_tasks import embed_tasks
from driftwheel.services.assist.train_assistant import give_up_training, train_assistant
from driftwheel.services.crash_points import reach
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.projects import project_by_key
from driftwheel.workflows.worker import current

__all__ = ["assist", "automatic"]

_MOST_STEPS = 200  # so that the history of one workflow stays short; the next round goes on


@DBOS.workflow(name="assist")
def assist(project: int) -> dict[str, Any]:
    """Embed images of a project that need it, then train its assistant where that is due."""
    steps = 0
    while steps < _MOST_STEPS and _embed(project):
        steps += 1
    return {"embedded": steps, "assistant": None if steps == _MOST_STEPS else _train(project)}


@DBOS.workflow(name="automatic")
def automatic(run: int) -> int:
    """Go on with a run of automatic labelling until people are to answer; return how many steps it took."""
    steps = 0
    while steps < _MOST_STEPS and _advance(run):
        steps += 1
    return steps


@DBOS.step(name="assist-embed")
def _embed(project: int) -> bool:
    worker = current()
    with worker.step():
        try:
            return embed_tasks(worker.engine, worker.blobs, worker.measurers, project, threads=worker.threads)
        except DriftwheelError as error:
            give_up_training(worker.engine, project, str(error))
            return False


@DBOS.step(name="assist-train")
def _train(project: int) -> int | None:
    worker = current()
    with worker.step():
        reach("assistant-begun")
        with reading(worker.engine) as connection:
            found = project_by_key(connection, project)
            if found is None or not due_of(connection, found).train:
                return None
        made = train_assistant(worker.engine, project, now=worker.now())
    return None if made is None else made.key


@DBOS.step(name="automatic-advance")
def _advance(run: int) -> bool:
    worker = current()
    with worker.step():
        return advance_automatic(worker.engine, run, now=worker.now())
