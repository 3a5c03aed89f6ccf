"""INSERT that knows ON CONFLICT, on both databases."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["upsert"]


def upsert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update`` for a dialect's name."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
