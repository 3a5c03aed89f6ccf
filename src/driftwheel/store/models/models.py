"""Models and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.predictions import Task
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.models.version_states import VersionState
from driftwheel.store.schema.tables import model_versions, models

__all__ = [
    "Model",
    "ModelVersion",
    "add_version",
    "create_model",
    "delete_model",
    "find_model",
    "find_version",
    "list_models",
    "list_versions",
    "lock_model",
    "model_by_key",
    "set_version",
    "update_model",
    "version_by_key",
]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is watched; the columns are described in `driftwheel.store.schema.tables`."""

    key: int
    name: str
    task: Task
    classes: tuple[str, ...]
    window: str
    segment_tags: tuple[str, ...]
    embedder: str
    retention_days: int | None
    keep_images: float
    false_alarms_per_year: float
    created: datetime


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a model; the columns are described in `driftwheel.store.schema.tables`."""

    key: int
    model: int
    name: str
    artifact: bytes | None
    created: datetime
    state: VersionState
    metrics: Mapping[str, Any] | None
    dataset: bytes | None
    size: int | None
    latency: float | None


def create_model(
    connection: Connection,
    name: str,
    *,
    task: Task,
    created: datetime,
    classes: Sequence[str] = (),
    window: str = "day",
    segment_tags: Sequence[str] = (),
    embedder: str = "gist",
    retention_days: int | None = None,
    keep_images: float = 1.0,
    false_alarms_per_year: float = 1.0,
) -> Model:
    """Add a model and return it; raise `UsageError` where the name is taken."""
    values = {
        "name": name,
        "task": task,
        "classes": list(classes),
        "window": window,
        "segment_tags": list(segment_tags),
        "embedder": embedder,
        "retention_days": retention_days,
        "keep_images": keep_images,
        "false_alarms_per_year": false_alarms_per_year,
        "created": created,
    }
    statement = (
        upsert(connection.dialect.name, models).values(values).on_conflict_do_nothing(index_elements=["name"])
    )
    row = connection.execute(statement.returning(*models.c)).first()
    if row is None:
        raise UsageError(f"There is already a model '{name}'; choose another name, or update that one.")
    return _model(row)


def find_model(connection: Connection, name: str) -> Model:
    """Return the model of that name; raise `UsageError` ("Did you mean …") where there is none."""
    row = connection.execute(select(models).where(models.c.name == name)).first()
    if row is None:
        names = connection.execute(select(models.c.name)).scalars().all()
        raise UsageError(f"There is no model '{name}'.{did_you_mean(name, names)}")
    return _model(row)


def model_by_key(connection: Connection, key: int) -> Model | None:
    """Return the model of that key, None where there is none."""
    row = connection.execute(select(models).where(models.c.key == key)).first()
    return None if row is None else _model(row)


def lock_model(connection: Connection, key: int) -> Model | None:
    """Return the model of that key, and let no other transaction that calls this on until this one ends.

    Whoever changes the alerts of a model begins with it; of several models in the order of their keys, so
    that two transactions do not wait for each other in a circle. Those who write records do not wait. None
    where there is no such model.
    """
    chosen = select(models).where(models.c.key == key).with_for_update(key_share=True)
    row = connection.execute(chosen).first()
    return None if row is None else _model(row)


def list_models(connection: Connection) -> list[Model]:
    """Return all models by name."""
    return [_model(row) for row in connection.execute(select(models).order_by(models.c.name))]


def update_model(
    connection: Connection,
    key: int,
    *,
    classes: Sequence[str],
    window: str,
    segment_tags: Sequence[str],
    embedder: str,
    retention_days: int | None,
    keep_images: float,
    false_alarms_per_year: float,
) -> None:
    """Set what may change of a model: all of these, so read it before in the same transaction.

    Raises
    ------
    UsageError
        Where there is no model of that key.
    """
    changed = connection.execute(
        update(models)
        .where(models.c.key == key)
        .values(
            classes=list(classes),
            window=window,
            segment_tags=list(segment_tags),
            embedder=embedder,
            retention_days=retention_days,
            keep_images=keep_images,
            false_alarms_per_year=false_alarms_per_year,
        )
    )
    if changed.rowcount == 0:
        raise UsageError(f"There is no model with the key {key}; it may have been deleted.")


def delete_model(connection: Connection, key: int) -> bool:
    """Delete a model with all that is kept of it, except blobs; return whether it was there."""
    return connection.execute(delete(models).where(models.c.key == key)).rowcount > 0


def add_version(
    connection: Connection,
    model: int,
    name: str,
    *,
    artifact: bytes | None,
    created: datetime,
    state: VersionState = "trained",
    metrics: Mapping[str, Any] | None = None,
    dataset: bytes | None = None,
    size: int | None = None,
) -> ModelVersion:
    """Add a version to a model and return it; raise `UsageError` where the name is taken."""
    values = {
        "model": model,
        "name": name,
        "artifact": artifact,
        "created": created,
        "state": state,
        "metrics": None if metrics is None else dict(metrics),
        "dataset": dataset,
        "size": size,
    }
    statement = (
        upsert(connection.dialect.name, model_versions)
        .values(values)
        .on_conflict_do_nothing(index_elements=["model", "name"])
    )
    row = connection.execute(statement.returning(*model_versions.c)).first()
    if row is None:
        raise UsageError(f"The model already has a version '{name}'; versions do not change, add another.")
    return ModelVersion(**row._mapping)


def list_versions(connection: Connection, model: int) -> list[ModelVersion]:
    """Return the versions of a model, the newest first."""
    query = select(model_versions).where(model_versions.c.model == model)
    return [
        ModelVersion(**row._mapping)
        for row in connection.execute(query.order_by(model_versions.c.key.desc()))
    ]


def version_by_key(connection: Connection, key: int) -> ModelVersion | None:
    """Return the version of that key, None where there is none."""
    row = connection.execute(select(model_versions).where(model_versions.c.key == key)).first()
    return None if row is None else ModelVersion(**row._mapping)


def find_version(connection: Connection, model: Model, name: str) -> ModelVersion:
    """Return the version of that name; raise `UsageError` ("Did you mean …") where the model has none."""
    known = {one.name: one for one in list_versions(connection, model.key)}
    if name not in known:
        raise UsageError(f"The model '{model.name}' has no version '{name}'.{did_you_mean(name, known)}")
    return known[name]


def set_version(connection: Connection, key: int, **values: Any) -> None:
    """Set what may change of a version: its `state`, `metrics`, `size` and `latency`."""
    connection.execute(update(model_versions).where(model_versions.c.key == key).values(values))


def _model(row: Row[Any]) -> Model:
    plain = dict(row._mapping)
    return Model(
        **(plain | {"classes": tuple(plain["classes"]), "segment_tags": tuple(plain["segment_tags"])})
    )
