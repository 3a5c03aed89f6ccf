"""Finish a training run: register what it made as a version of its model, or note why it made nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from driftwheel.services.crash_points import reach
from driftwheel.services.models.register_model import add_model_version
from driftwheel.store.datasets.dataset_versions import version_by_key as dataset_by_key
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import ModelVersion, list_versions, model_by_key
from driftwheel.store.train.training_lines import add_lines
from driftwheel.store.train.training_runs import TrainingRun, end_run, run_by_key

__all__ = ["fail_training", "finish_training"]


def finish_training(  # noqa: PLR0917
    engine: Engine,
    blobs: Blobs,
    key: int,
    artifact: bytes | None,
    recipe: Mapping[str, Any],
    results: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    """Register the file of a run as a version, in the state ``trained``; return whether the file is there.

    Else it is to be trained again. A run that was stopped meanwhile registers nothing.

    Raises
    ------
    DriftwheelError
        When the version cannot be added.
    """
    with reading(engine) as connection:
        run = run_by_key(connection, key)
        model = None if run is None else model_by_key(connection, run.model)
        if run is None or model is None or not run.is_open:
            return True
        known = list_versions(connection, model.key)
        dataset = None if run.dataset is None else dataset_by_key(connection, run.dataset)
    version = None
    if artifact is not None:
        try:
            file = blobs.get(artifact)
        except FileNotFoundError:
            return False
        name = _name(run, known, artifact)
        version = next((one for one in known if one.name == name and one.artifact == artifact), None)
        version = version or add_model_version(
            engine,
            blobs,
            model.name,
            name,
            onnx=file,
            by=run.by,
            now=now,
            metrics=_metrics(run, results),
            dataset=None if dataset is None else dataset.digest,
        )
        reach("training-registered")
    with writing(engine) as connection:
        ended = end_run(
            connection,
            run.key,
            "done",
            now=now,
            artifact=artifact,
            version=None if version is None else version.key,
            results=results,
            recipe=recipe,
        )
        if ended and version is not None:
            add_lines(connection, run.key, [f"Done: it is version '{version.name}'."], now=now)
        reach("training-written")
    return True


def fail_training(engine: Engine, key: int, reason: str, *, now: datetime, crashed: bool = False) -> None:
    """Note why a run came to nothing; whether it `crashed`, so that the same again may go well."""
    results = {"crashed": True} if crashed else None
    with writing(engine) as connection:
        if end_run(connection, key, "failed", now=now, reason=reason, results=results):
            add_lines(connection, key, [f"Failed: {reason}"], now=now)


def _name(run: TrainingRun, known: list[ModelVersion], artifact: bytes) -> str:
    """Return what the version is called: as wished for, else by its kind and number; never one of others."""
    words = {"repair": "repaired", "adapt": "adapted", "search": "found"}
    wished = str(run.wish.get("version") or "") or f"{words.get(run.kind, 'trained')}-{run.key}"
    taken = any(one.name == wished and one.artifact != artifact for one in known)
    return f"{wished}-{run.key}" if taken else wished


def _metrics(run: TrainingRun, results: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: results[name] for name in ("clean", "faulty") if name in results}
    return {"training": run.key, **shown}
