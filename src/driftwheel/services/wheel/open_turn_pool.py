"""Open a pool for a turn of the wheel, by its policy."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.pools.open_blind_pool import open_blind_pool_in
from driftwheel.services.wheel.turn_moves import At
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["open_turn_pool_in"]


def open_turn_pool_in(
    connection: Connection, at: At, project: Project, name: str, images: Sequence[PoolImage]
) -> tuple[Pool, int]:
    """Open a pool of these images, and return it and how many golden tasks it has."""
    policy = at.policy
    return open_blind_pool_in(
        connection,
        project,
        name,
        images,
        overlap=policy.overlap,
        most_overlap=policy.most_overlap,
        golden_share=policy.golden_share,
        by=WHEEL,
        now=at.now,
    )
