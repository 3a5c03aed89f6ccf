"""The workflow `retention`: old records, unwanted images and old history go, chunk by chunk; every hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from dbos import DBOS

from driftwheel.services.exchange.kept_imports import forget_checked
from driftwheel.services.operate.apply_retention import (
    archive_old_records,
    delete_unused_blobs,
    drop_unwanted_images,
    unused_blobs,
)
from driftwheel.services.operate.forget_history import forget_history
from driftwheel.store.datasets.dataset_versions import drop_abandoned
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, list_models, model_by_key
from driftwheel.workflows.worker import Worker, current

__all__ = ["retention", "sweep"]

_BLOBS_AT_ONCE = 500
_ABANDONED = timedelta(days=1)  # what is older and not finished has no writer any more


@DBOS.workflow(name="retention")
def retention(scheduled: datetime, context: Any) -> None:
    """Apply the retention of every model, then that of history."""
    del scheduled, context
    for model in _models():
        for step in (_archive, _drop):
            after_key: int | None = 0
            while after_key is not None:
                done = step(model, after_key)
                after_key = done["last_key"]
    while _forget():
        pass


@DBOS.workflow(name="sweep")
def sweep(scheduled: datetime, context: Any) -> None:
    """Delete the blobs that nothing uses, whoever left them; once a day."""
    del scheduled, context
    _sweep()


@DBOS.step(name="retention-models")
def _models() -> list[int]:
    worker = current()
    with worker.step(), reading(worker.engine) as connection:
        return [model.key for model in list_models(connection)]


@DBOS.step(name="retention-archive")
def _archive(model: int, after_key: int) -> dict[str, Any]:
    del after_key  # what was archived is gone: the next are the oldest again
    worker = current()
    with worker.step():
        found = _model(worker, model)
        if found is None:
            return {"deleted": 0, "blobs": 0, "last_key": None}
        dropped = archive_old_records(worker.engine, found, now=worker.now())
        gone = delete_unused_blobs(worker.engine, worker.blobs, dropped.images)
    return {"deleted": dropped.records, "blobs": gone, "last_key": dropped.last_key}


@DBOS.step(name="retention-drop")
def _drop(model: int, after_key: int) -> dict[str, Any]:
    worker = current()
    with worker.step():
        found = _model(worker, model)
        if found is None:
            return {"deleted": 0, "blobs": 0, "last_key": None}
        dropped = drop_unwanted_images(worker.engine, found, after_key=after_key)
        gone = delete_unused_blobs(worker.engine, worker.blobs, dropped.images)
    return {"deleted": 0, "blobs": gone, "last_key": dropped.last_key}


@DBOS.step(name="retention-history")
def _forget() -> bool:
    worker = current()
    with worker.step():
        gone = forget_history(
            worker.engine,
            now=worker.now(),
            message_days=worker.message_days,
            history_days=worker.history_days,
        )
        forgotten = forget_checked(worker.engine, now=worker.now())
    return gone.any or forgotten > 0


@DBOS.step(name="sweep-blobs")
def _sweep() -> int:
    worker = current()
    with worker.step():
        worker.blobs.restore_set_aside()
        with writing(worker.engine) as connection:
            drop_abandoned(connection, worker.now() - _ABANDONED)
        worker.blobs.sweep(worker.now() - _ABANDONED)
        gone = 0
        walk = worker.blobs.walk()
        while digests := list(islice(walk, _BLOBS_AT_ONCE)):
            unused = unused_blobs(worker.engine, digests)
            gone += delete_unused_blobs(worker.engine, worker.blobs, unused)
            if worker.stopping.is_set():
                break
    return gone


def _model(worker: Worker, key: int) -> Model | None:
    with reading(worker.engine) as connection:
        return model_by_key(connection, key)
