"""Change a user's password or role, or switch a user off; one active admin always remains.

Each of these ends the user's sessions in the browser.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.services.access.password import check_password, hash_password
from driftwheel.services.access.role import as_role
from driftwheel.store.access.admins import lock_admins
from driftwheel.store.access.sessions import delete_sessions_of
from driftwheel.store.access.users import User, find_user, list_users, update_user
from driftwheel.store.engine.database import writing
from driftwheel.store.operate.audit import note

__all__ = ["change_password", "change_role", "set_active"]


def change_password(engine: Engine, name: str, password: str, *, by: str, now: datetime) -> None:
    """Give the user `name` another password.

    Raises
    ------
    UsageError
        When there is no such user, or the password will not do: see `check_password`.
    """
    check_password(password, name)
    hashed = hash_password(password)  # before the transaction: it is slow on purpose
    with writing(engine) as connection:
        user = _user(connection, name)
        update_user(connection, user.key, password=hashed)
        delete_sessions_of(connection, user.key)
        note(connection, now, by, "change-password", f"user {name}")


def change_role(engine: Engine, name: str, role: str, *, by: str, now: datetime) -> None:
    """Give the user `name` another role.

    Raises
    ------
    UsageError
        When there is no such user or role, or it is the last active admin.
    """
    known = as_role(role)
    with writing(engine) as connection:
        admins = lock_admins(connection)
        user = _user(connection, name)
        if known != "admin":
            _keep_an_admin(admins, user, f"have the role '{role}'")
        update_user(connection, user.key, role=known)
        delete_sessions_of(connection, user.key)
        note(connection, now, by, "change-role", f"user {name}", {"from": user.role, "to": role})


def set_active(engine: Engine, name: str, active: bool, *, by: str, now: datetime) -> None:
    """Switch the user `name` on, or off: then no log-in of theirs is good. Tokens they made stay as they are.

    Raises
    ------
    UsageError
        When there is no such user, or it is the last active admin.
    """
    with writing(engine) as connection:
        admins = lock_admins(connection)
        user = _user(connection, name)
        if not active:
            _keep_an_admin(admins, user, "be switched off")
        update_user(connection, user.key, active=active)
        delete_sessions_of(connection, user.key)
        note(connection, now, by, "activate-user" if active else "deactivate-user", f"user {name}")


def _user(connection: Connection, name: str) -> User:
    user = find_user(connection, name)
    if user is None:
        near = did_you_mean(name, [one.name for one in list_users(connection)])
        raise UsageError(f"There is no user '{name}'.{near} List them with: driftwheel users list")
    return user


def _keep_an_admin(admins: list[User], user: User, change: str) -> None:
    if [admin.key for admin in admins] == [user.key]:
        raise UsageError(
            f"'{user.name}' is the only active admin and cannot {change}: nobody could undo it. Make another "
            "admin first: driftwheel users add NAME --role admin"
        )
