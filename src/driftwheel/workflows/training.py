"""The workflow `training`: do a training run, and register what it made."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.services.crash_points import reach
from driftwheel.services.train.do_training import do_training
from driftwheel.services.train.finish_training import fail_training, finish_training
from driftwheel.workflows.worker import StoppingError, current

__all__ = ["training"]

_TRIES = 3


@DBOS.workflow(name="training")
def training(key: int) -> str:
    """Do a training run; return ``done``, ``gone``, or why it came to nothing."""
    for _ in range(_TRIES):
        done = _train(key)
        if done["reason"] is not None:
            return str(done["reason"])
        if done["recipe"] is None:
            return "gone"
        if _finish(key, done):
            return "done"
    return _fail(key, "Its file does not stay among the blobs.")


@DBOS.step(name="training-train")
def _train(key: int) -> dict[str, Any]:
    worker = current()

    def look() -> None:
        if worker.stopping.is_set():
            raise StoppingError

    with worker.step():
        reach("training-begun")
        try:
            done = do_training(
                worker.engine,
                worker.blobs,
                key,
                clock=worker.now,
                look=look,
                threads=worker.threads,
                commands_allowed=worker.training_commands,
            )
        except DriftwheelError as error:
            crashed = not isinstance(error, UsageError)
            fail_training(worker.engine, key, str(error), now=worker.now(), crashed=crashed)
            return {"artifact": None, "recipe": None, "results": None, "reason": str(error)}
    if done is None:
        return {"artifact": None, "recipe": None, "results": None, "reason": None}
    artifact = None if done.artifact is None else done.artifact.hex()
    return {"artifact": artifact, "recipe": done.recipe, "results": done.results, "reason": None}


@DBOS.step(name="training-finish")
def _finish(key: int, done: dict[str, Any]) -> bool:
    worker = current()
    with worker.step():
        artifact = None if done["artifact"] is None else bytes.fromhex(done["artifact"])
        try:
            return finish_training(
                worker.engine,
                worker.blobs,
                key,
                artifact,
                done["recipe"],
                done["results"],
                now=worker.now(),
            )
        except DriftwheelError as error:
            fail_training(worker.engine, key, str(error), now=worker.now())
            return True


@DBOS.step(name="training-fail")
def _fail(key: int, reason: str) -> str:
    worker = current()
    with worker.step():
        fail_training(worker.engine, key, reason, now=worker.now())
    return reason
