"""Profiles computed at the edge, kept as they came, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, or_, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.tables import edge_profiles

__all__ = ["EdgeProfile", "add_edge_profile", "list_edge_profiles"]


@dataclass(frozen=True, slots=True)
class EdgeProfile:
    """A profile file from the edge; `start` of its first and `end` of its last window, None without times."""

    key: int
    model: int
    digest: bytes
    profile: bytes
    start: datetime | None
    end: datetime | None
    received: datetime


def add_edge_profile(
    connection: Connection,
    model: int,
    profile: bytes,
    *,
    start: datetime | None,
    end: datetime | None,
    received: datetime,
) -> Literal["accepted", "duplicate"]:
    """Keep a ``.dwp`` file and return whether it is new; the same bytes again change nothing."""
    digest = hashlib.sha256(profile).digest()
    values = {"model": model, "digest": digest, "profile": profile, "start": start, "end": end}
    statement = upsert(connection.dialect.name, edge_profiles).values(values | {"received": received})
    written = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["model", "digest"]).returning(edge_profiles.c.key)
    ).first()
    return "duplicate" if written is None else "accepted"


def list_edge_profiles(
    connection: Connection, model: int, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[EdgeProfile]:
    """Yield a model's edge profiles by digest, those that overlap since…until or have no times.

    The order does not depend on the order they came in.
    """
    query = select(edge_profiles).where(edge_profiles.c.model == model).order_by(edge_profiles.c.digest)
    if since is not None:
        query = query.where(or_(edge_profiles.c.end.is_(None), edge_profiles.c.end > since))
    if until is not None:
        query = query.where(or_(edge_profiles.c.start.is_(None), edge_profiles.c.start < until))
    with connection.execute(query, execution_options={"yield_per": 20}) as rows:
        for row in rows:
            yield EdgeProfile(**row._mapping)
