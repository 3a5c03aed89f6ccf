"""References: what the windows of a model are compared with, from the wish to the measured artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, insert, select, update

from driftwheel.store.schema.tables import references

__all__ = [
    "Reference",
    "ReferenceKind",
    "create_reference",
    "current_reference",
    "list_references",
    "measuring_references",
    "reference_by_key",
    "set_reference_failed",
    "set_reference_faults",
    "set_reference_ready",
]

ReferenceKind = Literal["folder", "range", "trailing"]
"""A folder of images, a past range of time, or the windows just before each."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of a model; the columns are described in `driftwheel.store.schema.tables`."""

    key: int
    model: int
    kind: ReferenceKind
    source: Mapping[str, Any]
    state: Literal["measuring", "ready", "failed"]
    reason: str | None
    artifact: bytes | None
    faults: bytes | None
    created: datetime
    by: str


def create_reference(
    connection: Connection,
    model: int,
    *,
    kind: ReferenceKind,
    source: Mapping[str, Any],
    created: datetime,
    by: str,
) -> Reference:
    """Add a reference that is still to be measured, and return it."""
    values = {"model": model, "kind": kind, "source": dict(source), "state": "measuring"}
    row = connection.execute(
        insert(references).values(values | {"created": created, "by": by}).returning(*references.c)
    ).one()
    return Reference(**row._mapping)


def set_reference_ready(
    connection: Connection, key: int, artifact: bytes | None, notes: str | None = None
) -> None:
    """Note that a reference is measured; `artifact` is the digest of the result among the blobs.

    `notes` say what is to be known of it; they are kept as its `reason`.
    """
    _set(connection, key, {"state": "ready", "artifact": artifact, "reason": notes})


def set_reference_faults(connection: Connection, key: int, faults: bytes) -> None:
    """Note the simulated faults of a reference, by their digest among the blobs."""
    _set(connection, key, {"faults": faults})


def set_reference_failed(connection: Connection, key: int, reason: str) -> None:
    """Note why a reference could not be measured."""
    _set(connection, key, {"state": "failed", "reason": reason})


def current_reference(connection: Connection, model: int) -> Reference | None:
    """Return the newest reference of a model that is ready, None where there is none."""
    query = _of(model).where(references.c.state == "ready").limit(1)
    return _first(connection, query)


def reference_by_key(connection: Connection, key: int) -> Reference | None:
    """Return the reference of that key, None where there is none."""
    return _first(connection, select(references).where(references.c.key == key))


def list_references(connection: Connection, model: int) -> list[Reference]:
    """Return all references of a model, the newest first."""
    return [Reference(**row._mapping) for row in connection.execute(_of(model))]


def measuring_references(connection: Connection) -> list[Reference]:
    """Return the references of all models that are still to be measured, the oldest first."""
    query = select(references).where(references.c.state == "measuring").order_by(references.c.key)
    return [Reference(**row._mapping) for row in connection.execute(query)]


def _of(model: int) -> Select[Any]:
    return select(references).where(references.c.model == model).order_by(references.c.key.desc())


def _first(connection: Connection, query: Select[Any]) -> Reference | None:
    row: Row[Any] | None = connection.execute(query).first()
    return None if row is None else Reference(**row._mapping)


def _set(connection: Connection, key: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(references).where(references.c.key == key).values(values))
