"""Challenges: what annotators were asked that no script can answer, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from driftwheel.store.schema.label_tables import challenges

__all__ = ["StoredChallenge", "add_challenge", "last_challenges", "open_challenge", "set_reply", "set_shown"]


@dataclass(frozen=True, slots=True)
class StoredChallenge:
    """A challenge; the columns are described in `driftwheel.store.schema.label_tables`."""

    key: int
    pool: int
    annotator: int
    digits: str
    asked: datetime
    shown: datetime | None
    replied: datetime | None
    passed: bool | None


def add_challenge(
    connection: Connection, pool: int, annotator: int, digits: str, asked: datetime
) -> StoredChallenge:
    """Add a challenge of an annotator, which waits for a reply, and return it."""
    values = {"pool": pool, "annotator": annotator, "digits": digits, "asked": asked}
    row = connection.execute(insert(challenges).values(values).returning(*challenges.c)).one()
    return StoredChallenge(**row._mapping)


def open_challenge(connection: Connection, annotator: int) -> StoredChallenge | None:
    """Return the challenge that waits for an annotator's reply, None where there is none."""
    found = last_challenges(connection, annotator, limit=1)
    return found[0] if found and found[0].replied is None else None


def last_challenges(connection: Connection, annotator: int, *, limit: int) -> list[StoredChallenge]:
    """Return up to `limit` challenges of an annotator, the newest first."""
    query = select(challenges).where(challenges.c.annotator == annotator)
    rows = connection.execute(query.order_by(challenges.c.key.desc()).limit(limit))
    return [StoredChallenge(**row._mapping) for row in rows]


def set_shown(connection: Connection, key: int, now: datetime) -> None:
    """Note that a challenge was shown; only the first time counts."""
    first = update(challenges).where(challenges.c.key == key, challenges.c.shown.is_(None))
    connection.execute(first.values(shown=now))


def set_reply(connection: Connection, key: int, now: datetime, *, passed: bool) -> None:
    """Note a reply to a challenge, and whether it was right."""
    changed = update(challenges).where(challenges.c.key == key)
    connection.execute(changed.values(replied=now, passed=passed))
