"""Sessions of the browser: known by the digest of the cookie's random value alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, true

from driftwheel.store.access.users import User
from driftwheel.store.schema.tables import sessions, users

__all__ = [
    "Session",
    "create_session",
    "delete_expired",
    "delete_session",
    "delete_sessions_of",
    "find_session",
]


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in that is still good.

    Attributes
    ----------
    digest
        SHA-256 of the cookie's value.
    user
        Active, as it is now.
    csrf
        Every form of the session carries it.
    """

    digest: bytes
    user: User
    csrf: str
    created: datetime
    expires: datetime


def create_session(
    connection: Connection, digest: bytes, *, user: int, csrf: str, created: datetime, expires: datetime
) -> None:
    """Begin a session of the user with that key."""
    connection.execute(
        insert(sessions).values(digest=digest, user=user, csrf=csrf, created=created, expires=expires)
    )


def find_session(connection: Connection, digest: bytes, now: datetime) -> Session | None:
    """Return a session that has not expired and whose user is active, None otherwise."""
    session = connection.execute(
        select(sessions).where(sessions.c.digest == digest, sessions.c.expires > now)
    ).first()
    if session is None:
        return None
    user = connection.execute(
        select(users).where(users.c.key == session.user, users.c.active == true())
    ).first()
    if user is None:
        return None
    return Session(digest, User(**user._mapping), session.csrf, session.created, session.expires)


def delete_session(connection: Connection, digest: bytes) -> None:
    """End a session, if it is there."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest))


def delete_sessions_of(connection: Connection, user: int) -> None:
    """End all sessions of a user, as when the password or the role changes."""
    connection.execute(delete(sessions).where(sessions.c.user == user))


def delete_expired(connection: Connection, now: datetime) -> int:
    """Forget the sessions that have expired, and return how many."""
    return connection.execute(delete(sessions).where(sessions.c.expires <= now)).rowcount
