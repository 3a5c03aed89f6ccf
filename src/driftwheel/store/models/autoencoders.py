"""Autoencoders of models: given as a file, or trained here, each for the reference that was in use then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, insert, select, update

from driftwheel.store.schema.tables import autoencoders

__all__ = [
    "StoredAutoencoder",
    "autoencoder_by_key",
    "create_autoencoder",
    "current_autoencoder",
    "list_autoencoders",
    "remove_autoencoders",
    "set_autoencoder_failed",
    "set_autoencoder_ready",
    "training_autoencoders",
]


@dataclass(frozen=True, slots=True)
class StoredAutoencoder:
    """An autoencoder of a model; the columns are described in `driftwheel.store.schema.tables`."""

    key: int
    model: int
    reference: int
    state: Literal["training", "ready", "failed", "removed"]
    reason: str | None
    settings: Mapping[str, Any] | None
    artifact: bytes | None
    created: datetime
    by: str


def create_autoencoder(
    connection: Connection,
    model: int,
    *,
    reference: int,
    artifact: bytes | None,
    settings: Mapping[str, Any] | None = None,
    created: datetime,
    by: str,
) -> StoredAutoencoder:
    """Add an autoencoder and return it: ready with the `artifact` of its file, else still to be trained."""
    values = {
        "model": model,
        "reference": reference,
        "state": "training" if artifact is None else "ready",
        "settings": None if settings is None else dict(settings),
        "artifact": artifact,
        "created": created,
        "by": by,
    }
    row = connection.execute(insert(autoencoders).values(values).returning(*autoencoders.c)).one()
    return StoredAutoencoder(**row._mapping)


def set_autoencoder_ready(connection: Connection, key: int, artifact: bytes) -> None:
    """Note that an autoencoder is trained; one that was removed meanwhile stays so."""
    _set(connection, key, {"state": "ready", "artifact": artifact, "reason": None})


def set_autoencoder_failed(connection: Connection, key: int, reason: str) -> None:
    """Note why an autoencoder could not be trained."""
    _set(connection, key, {"state": "failed", "reason": reason})


def remove_autoencoders(connection: Connection, model: int) -> int:
    """Take the autoencoders of a model out of use, trained or in training, and return how many.

    What they found in images stays; it counts no more.
    """
    chosen = autoencoders.c.model == model, autoencoders.c.state.in_(("training", "ready"))
    return connection.execute(update(autoencoders).where(*chosen).values(state="removed")).rowcount


def current_autoencoder(connection: Connection, model: int) -> StoredAutoencoder | None:
    """Return the newest autoencoder of a model that is ready, None where there is none."""
    return _first(connection, _of(model).where(autoencoders.c.state == "ready").limit(1))


def autoencoder_by_key(connection: Connection, key: int) -> StoredAutoencoder | None:
    """Return the autoencoder of that key, None where there is none."""
    return _first(connection, select(autoencoders).where(autoencoders.c.key == key))


def list_autoencoders(connection: Connection, model: int) -> list[StoredAutoencoder]:
    """Return all autoencoders of a model, the newest first."""
    return [StoredAutoencoder(**row._mapping) for row in connection.execute(_of(model))]


def training_autoencoders(connection: Connection) -> list[StoredAutoencoder]:
    """Return the autoencoders of all models that are still to be trained, the oldest first."""
    query = select(autoencoders).where(autoencoders.c.state == "training").order_by(autoencoders.c.key)
    return [StoredAutoencoder(**row._mapping) for row in connection.execute(query)]


def _of(model: int) -> Select[Any]:
    return select(autoencoders).where(autoencoders.c.model == model).order_by(autoencoders.c.key.desc())


def _first(connection: Connection, query: Select[Any]) -> StoredAutoencoder | None:
    row: Row[Any] | None = connection.execute(query).first()
    return None if row is None else StoredAutoencoder(**row._mapping)


def _set(connection: Connection, key: int, values: Mapping[str, Any]) -> None:
    chosen = autoencoders.c.key == key, autoencoders.c.state == "training"
    connection.execute(update(autoencoders).where(*chosen).values(values))
