"""What the triggers saw when a turn began by itself: noted once, with the turn, and never changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from driftwheel.store.schema.wheel_policy_tables import wheel_sightings
from driftwheel.wheel.trigger import TriggerSeen

__all__ = ["add_sightings", "sightings_of"]


def add_sightings(connection: Connection, turn: int, seen: Sequence[TriggerSeen]) -> None:
    """Note what the triggers saw, in the transaction that begins the turn."""
    rows = [
        {
            "turn": turn,
            "number": number,
            "trigger": one.name,
            "enabled": one.enabled,
            "met": one.met,
            "told": one.told,
            "found": dict(one.found),
            "alert": one.alert,
        }
        for number, one in enumerate(seen, 1)
    ]
    if rows:
        connection.execute(insert(wheel_sightings), rows)


def sightings_of(connection: Connection, turn: int) -> tuple[TriggerSeen, ...]:
    """Return what the triggers saw when a turn began; nothing of one that was begun by hand."""
    c = wheel_sightings.c
    rows = connection.execute(select(wheel_sightings).where(c.turn == turn).order_by(c.number))
    return tuple(
        TriggerSeen(row.trigger, row.enabled, row.met, row.told, row.found, row.alert) for row in rows
    )
