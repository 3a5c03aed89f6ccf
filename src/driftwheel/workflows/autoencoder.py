"""The workflow `autoencoder`: train the autoencoder of a model, and put it in use."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.errors import DriftwheelError
from driftwheel.services.crash_points import reach
from driftwheel.services.models.train_model_autoencoder import (
    fail_autoencoder,
    finish_autoencoder,
    train_model_autoencoder,
)
from driftwheel.workflows.worker import StoppingError, current

__all__ = ["autoencoder"]

_TRIES = 3


@DBOS.workflow(name="autoencoder")
def autoencoder(key: int) -> str:
    """Train an autoencoder and put it in use; return ``ready``, or why it cannot be trained."""
    for _ in range(_TRIES):
        trained = _train(key)
        if trained["reason"] is not None:
            return str(trained["reason"])
        if trained["artifact"] is None:
            return "gone"
        if _finish(key, trained["artifact"]):
            return "ready"
    return "its file does not stay"


@DBOS.step(name="autoencoder-train")
def _train(key: int) -> dict[str, Any]:
    worker = current()

    def look() -> None:
        if worker.stopping.is_set():
            raise StoppingError

    with worker.step():
        reach("autoencoder-begun")
        try:
            artifact = train_model_autoencoder(
                worker.engine, worker.blobs, key, now=worker.now(), look=look, threads=worker.threads
            )
        except DriftwheelError as error:
            fail_autoencoder(worker.engine, key, str(error))
            return {"artifact": None, "reason": str(error)}
    return {"artifact": None if artifact is None else artifact.hex(), "reason": None}


@DBOS.step(name="autoencoder-finish")
def _finish(key: int, artifact: str) -> bool:
    worker = current()
    with worker.step():
        return finish_autoencoder(worker.engine, worker.blobs, key, bytes.fromhex(artifact), now=worker.now())
