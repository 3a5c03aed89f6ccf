"""Users: names, password hashes and roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select, update

from driftwheel.errors import UsageError
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.tables import users

__all__ = [
    "Role",
    "User",
    "count_users",
    "create_user",
    "find_user",
    "list_users",
    "touch_user",
    "update_user",
    "user_by_key",
]

Role = Literal["admin", "engineer", "annotator", "ingest", "viewer"]


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in; `password` is its argon2 hash, never shown."""

    key: int
    name: str
    password: str
    role: Role
    active: bool
    created: datetime
    last_seen: datetime | None


def create_user(connection: Connection, name: str, *, password: str, role: Role, created: datetime) -> User:
    """Add an active user and return it; raise `UsageError` where the name is taken."""
    values = {"name": name, "password": password, "role": role, "active": True, "created": created}
    statement = (
        upsert(connection.dialect.name, users).values(values).on_conflict_do_nothing(index_elements=["name"])
    )
    row = connection.execute(statement.returning(*users.c)).first()
    if row is None:
        raise UsageError(f"There is already a user '{name}'; choose another name, or change that one.")
    return User(**row._mapping)


def find_user(connection: Connection, name: str) -> User | None:
    """Return the user of that name, None where there is none."""
    row = connection.execute(select(users).where(users.c.name == name)).first()
    return None if row is None else User(**row._mapping)


def user_by_key(connection: Connection, key: int, *, held: bool = False) -> User | None:
    """Return the user of that key, None where there is none; `held` until the transaction ends."""
    query = select(users).where(users.c.key == key)
    row = connection.execute(query.with_for_update() if held else query).first()
    return None if row is None else User(**row._mapping)


def list_users(connection: Connection) -> list[User]:
    """Return all users by name."""
    return [User(**row._mapping) for row in connection.execute(select(users).order_by(users.c.name))]


def count_users(connection: Connection) -> int:
    """Return how many users there are, active or not."""
    return connection.execute(select(func.count()).select_from(users)).scalar_one()


def update_user(
    connection: Connection,
    key: int,
    *,
    password: str | None = None,
    role: Role | None = None,
    active: bool | None = None,
) -> None:
    """Change what is given of a user; raise `UsageError` where there is none of that key."""
    given = {"password": password, "role": role, "active": active}
    values = {name: value for name, value in given.items() if value is not None}
    if values and connection.execute(update(users).where(users.c.key == key).values(values)).rowcount == 0:
        raise UsageError(f"There is no user with the key {key}; it may have been deleted.")


def touch_user(connection: Connection, key: int, time: datetime) -> None:
    """Note when a user was last seen."""
    connection.execute(update(users).where(users.c.key == key).values(last_seen=time))
