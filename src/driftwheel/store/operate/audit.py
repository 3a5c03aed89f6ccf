"""The audit log: who did what, only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from driftwheel.store.schema.tables import audit

__all__ = ["AuditEntry", "list_audit", "note"]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log; `by` names a user or token, `action` is a verb, `target` what it was done to."""

    key: int
    time: datetime
    by: str
    action: str
    target: str
    details: Mapping[str, Any]


def note(  # noqa: PLR0917  a sentence: who did what to what
    connection: Connection,
    time: datetime,
    by: str,
    action: str,
    target: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a line, in the transaction of what it tells of."""
    connection.execute(
        insert(audit).values(time=time, by=by, action=action, target=target, details=dict(details or {}))
    )


def list_audit(
    connection: Connection,
    *,
    target: str | None = None,
    since: datetime | None = None,
    before_key: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """Return up to `limit` lines, the newest first, after the one with the key `before_key`.

    Only those of a target, and from a moment on, where these are given.
    """
    query = select(audit).order_by(audit.c.key.desc()).limit(limit)
    if target is not None:
        query = query.where(audit.c.target == target)
    if since is not None:
        query = query.where(audit.c.time >= since)
    if before_key is not None:
        query = query.where(audit.c.key < before_key)
    return [AuditEntry(**row._mapping) for row in connection.execute(query)]
