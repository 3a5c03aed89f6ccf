"""Who may change everything; there must always be one."""

from __future__ import annotations

from sqlalchemy import Connection, select, true

from driftwheel.store.access.users import User
from driftwheel.store.schema.tables import users

__all__ = ["lock_admins"]


def lock_admins(connection: Connection) -> list[User]:
    """Return the active admins by name; until the transaction ends nobody else can change one of them.

    So two who each take the role from the other do not both succeed.
    """
    query = select(users).where(users.c.role == "admin", users.c.active == true()).order_by(users.c.name)
    return [User(**row._mapping) for row in connection.execute(query.with_for_update())]
