"""Assistants: what a project's labels have taught a head, one row for each training."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.assist_tables import assistance, assistants

__all__ = [
    "Assistance",
    "Assistant",
    "add_assistant",
    "assistance_of",
    "assistant_by_key",
    "drop_heads",
    "list_assistants",
    "newest_assistant",
    "set_assistance",
]


@dataclass(frozen=True, slots=True)
class Assistance:
    """How far the work for a project's assistant is; see `driftwheel.store.schema.assist_tables`."""

    project: int
    enabled: bool = True
    asked: bool = False
    tried: int | None = None
    space: str | None = None
    embedded: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Assistant:
    """An assistant as it was trained once; `driftwheel.store.schema.assist_tables` describes the columns."""

    key: int
    project: int
    trained: datetime
    seconds: float
    space: str
    head: bytes | None
    labels: int
    report: Mapping[str, Any]


def assistance_of(connection: Connection, project: int) -> Assistance:
    """Return how far the work for a project's assistant is."""
    row = connection.execute(select(assistance).where(assistance.c.project == project)).first()
    return Assistance(project) if row is None else Assistance(**row._mapping)


def set_assistance(connection: Connection, project: int, **values: Any) -> None:
    """Keep what is given of a project's `Assistance`, by the names of its fields; the rest stays."""
    start = Assistance(project)
    whole = {name: getattr(start, name) for name in Assistance.__dataclass_fields__} | values
    statement = upsert(connection.dialect.name, assistance).values(whole)
    connection.execute(statement.on_conflict_do_update(index_elements=["project"], set_=values))


def add_assistant(
    connection: Connection,
    project: int,
    *,
    trained: datetime,
    seconds: float,
    space: str,
    head: bytes,
    labels: int,
    report: Mapping[str, Any],
) -> Assistant:
    """Keep what a training made, and return it."""
    values = {
        "project": project,
        "trained": trained,
        "seconds": seconds,
        "space": space,
        "head": head,
        "labels": labels,
        "report": dict(report),
    }
    return _assistant(connection.execute(insert(assistants).values(values).returning(*assistants.c)).one())


def drop_heads(connection: Connection, project: int, *, keep: Collection[int]) -> None:
    """Forget the heads of a project's assistants but these; what was measured of them stays."""
    old = update(assistants).where(
        assistants.c.project == project, assistants.c.head.is_not(None), assistants.c.key.not_in(sorted(keep))
    )
    connection.execute(old.values(head=None))


def newest_assistant(connection: Connection, project: int) -> Assistant | None:
    """Return what the last training of a project made, None before the first."""
    query = select(assistants).where(assistants.c.project == project)
    return _first(connection, query.order_by(assistants.c.key.desc()).limit(1))


def assistant_by_key(connection: Connection, key: int) -> Assistant | None:
    """Return the assistant of that key, None where there is none."""
    return _first(connection, select(assistants).where(assistants.c.key == key))


def list_assistants(connection: Connection, project: int, *, limit: int = 100) -> list[Assistant]:
    """Return what the last trainings of a project made, the newest first, without their heads."""
    columns = [one for one in assistants.c if one.name != "head"]
    query = select(*columns).where(assistants.c.project == project).order_by(assistants.c.key.desc())
    return [Assistant(**row._mapping, head=None) for row in connection.execute(query.limit(limit))]


def _first(connection: Connection, query: Select[Any]) -> Assistant | None:
    row = connection.execute(query).first()
    return None if row is None else _assistant(row)


def _assistant(row: Row[Any]) -> Assistant:
    return Assistant(**row._mapping)
