"""What a turn of the wheel is about: the images that are chosen from, measured on, and compared on."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from driftwheel.services.release.gate_slice import GateSlice, slice_of_alert
from driftwheel.services.wheel.turn_moves import At

__all__ = ["slice_of_turn"]


def slice_of_turn(connection: Connection, at: At) -> GateSlice:
    """Return what a turn is about: images of its alert, or of the days in which accuracy fell, else all.

    Raises
    ------
    UsageError
        When its alert is gone.
    """
    if at.turn.alert is not None:
        return slice_of_alert(connection, at.model, at.turn.alert)
    if at.turn.trigger == "performance":
        return GateSlice(since=at.turn.begun - timedelta(days=at.policy.accuracy_days))
    return GateSlice()
