"""Slices of failure of each model: the newest search, and whether another is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, true

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.performance_tables import failure_slices

__all__ = ["StoredSlices", "ask_slices", "asked_slices", "find_slices_of", "put_slices"]


@dataclass(frozen=True, slots=True)
class StoredSlices:
    """A search; the columns are described in `driftwheel.store.schema.performance_tables`."""

    model: int
    asked: bool
    labels: int
    document: Mapping[str, Any]
    made: datetime | None


def find_slices_of(connection: Connection, model: int) -> StoredSlices | None:
    """Return the newest search of a model, None where there is none."""
    row = connection.execute(select(failure_slices).where(failure_slices.c.model == model)).first()
    return None if row is None else StoredSlices(**row._mapping)


def ask_slices(connection: Connection, model: int) -> None:
    """Ask for a search; the one before stays until it is made."""
    statement = upsert(connection.dialect.name, failure_slices).values(
        model=model, asked=True, labels=0, document={}, made=None
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["model"], set_={"asked": True}))


def asked_slices(connection: Connection) -> list[int]:
    """Return the keys of the models that a search is asked for."""
    query = select(failure_slices.c.model).where(failure_slices.c.asked == true())
    return list(connection.execute(query.order_by(failure_slices.c.model)).scalars())


def put_slices(
    connection: Connection, model: int, *, labels: int, document: Mapping[str, Any], made: datetime
) -> None:
    """Keep a search in place of the one before."""
    values = {"asked": False, "labels": labels, "document": dict(document), "made": made}
    statement = upsert(connection.dialect.name, failure_slices).values(model=model, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["model"], set_=values))
