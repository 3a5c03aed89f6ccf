"""Change the rules of a pool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key, set_pool_rules
from driftwheel.store.operate.audit import note

__all__ = ["change_pool"]


def change_pool(
    engine: Engine, project: int, pool: int, rules: Mapping[str, Any], *, by: str, now: datetime
) -> Pool:
    """Change rules of a pool, and return it; noted in the audit. They hold for what comes from now on.

    Parameters
    ----------
    rules
        By name, as `driftwheel.services.label.projects.pool_rules` has them; those left out stay.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        When there is no such rule, or it cannot be used.
    """
    with writing(engine) as connection:
        found, known = pool_of_project(connection, project, pool)
        known = lock_pool(connection, pool) or known
        after = PoolRules.from_json({**(known.rules or {}), **rules})
        set_pool_rules(connection, pool, after.to_json())
        details = {"pool": known.name, "rules": dict(rules)}
        note(connection, now, by, "change-pool", f"project {found.name}", details)
        return pool_by_key(connection, pool) or known
