"""Log a user in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Engine

from driftwheel.services.access.authorise import Identity, digest_of
from driftwheel.services.access.password import hash_password, verify_password
from driftwheel.store.access.sessions import create_session, delete_expired, delete_session
from driftwheel.store.access.users import find_user, touch_user, update_user, user_by_key
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.operate.audit import note

__all__ = ["StartedSession", "log_in", "log_out"]


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session that has just begun.

    Attributes
    ----------
    identity
        Whose it is.
    cookie
        The secret that the browser keeps; only its digest is stored.
    expires
        When it ends.
    """

    identity: Identity
    cookie: str
    expires: datetime


def log_in(
    engine: Engine, name: str, password: str, *, cookie: str, csrf: str, now: datetime, lasts: timedelta
) -> StartedSession | None:
    """Begin a session for the user `name`; None when name and password do not fit.

    So it is for a user who is switched off, and when that or another password comes while this one is held
    against its hash. It takes as long for a name that does not exist: about 0.1 s, and 64 MiB of memory.

    Parameters
    ----------
    cookie, csrf
        Two fresh random values, URL-safe, of at least 128 bits.
    lasts
        How long the session is good for.
    """
    with reading(engine) as connection:
        user = find_user(connection, name) if name.isprintable() else None  # no NUL, no half surrogate pair
    fits, anew = verify_password(password, _nobodys_hash() if user is None else user.password)
    if user is None or not fits or not user.active:
        return None
    expires = now + lasts
    with writing(engine) as connection:
        still = user_by_key(connection, user.key, held=True)
        if still is None or not still.active or still.password != user.password:
            return None
        create_session(connection, digest_of(cookie), user=user.key, csrf=csrf, created=now, expires=expires)
        if anew is not None:
            update_user(connection, user.key, password=anew)
        touch_user(connection, user.key, now)
        delete_expired(connection, now)
        note(connection, now, user.name, "log-in", f"user {user.name}")
    return StartedSession(Identity(still.name, still.role, user=user.key, csrf=csrf), cookie, expires)


def log_out(engine: Engine, cookie: str) -> None:
    """End the session with this cookie; one that has ended already stays so."""
    with writing(engine) as connection:
        delete_session(connection, digest_of(cookie))


@cache
def _nobodys_hash() -> str:
    return hash_password("the password of nobody")
