"""Create users, the first of them by itself."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.access.password import check_password, hash_password, random_password
from driftwheel.services.access.role import as_role
from driftwheel.store.access.users import User, count_users
from driftwheel.store.access.users import create_user as add_user
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.operate.audit import note

__all__ = ["FIRST_ADMIN", "check_user_name", "create_first_admin", "create_user"]

FIRST_ADMIN = "admin"
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,127}")


def check_user_name(name: str) -> None:
    """Raise `UsageError` unless `name` can be a user's: 1 to 128 small letters, digits and ``. _ @ + -``.

    Examples
    --------
    >>> check_user_name("Anna Berg")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: A user cannot be called 'Anna Berg'...
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"A user cannot be called '{name}'. A name is 1 to 128 small letters, digits and . _ @ + -, and "
            "begins with a letter or digit, such as 'anna.berg' or 'anna@example.org'."
        )


def create_user(engine: Engine, name: str, password: str, role: str, *, by: str, now: datetime) -> User:
    """Create an active user and return it; noted in the audit.

    Parameters
    ----------
    name, password, role
        See `check_user_name`, `check_password` and `as_role`.
    by
        Who creates it.
    now
        In UTC.

    Raises
    ------
    UsageError
        When one of the three will not do, or the name is taken.
    """
    check_user_name(name)
    check_password(password, name)
    known = as_role(role)
    hashed = hash_password(password)  # before the transaction: it is slow on purpose
    with writing(engine) as connection:
        user = add_user(connection, name, password=hashed, role=known, created=now)
        note(connection, now, by, "create-user", f"user {name}", {"role": role})
    return user


def create_first_admin(
    engine: Engine, *, now: datetime, randomness: Callable[[int], bytes] = secrets.token_bytes
) -> str | None:
    """Create ``admin`` with a random password where there is no user yet, and return that password.

    Returns
    -------
    str | None
        To be shown once, as it is kept nowhere; None where there is a user already.
    """
    with reading(engine) as connection:
        if count_users(connection):
            return None
    password = random_password(randomness)
    hashed = hash_password(password)
    with writing(engine) as connection:
        if count_users(connection):  # another server that starts now was faster
            return None
        try:
            add_user(connection, FIRST_ADMIN, password=hashed, role="admin", created=now)
        except UsageError:  # the same, on PostgreSQL
            return None
        note(connection, now, "first start", "create-user", f"user {FIRST_ADMIN}", {"role": "admin"})
    return password
