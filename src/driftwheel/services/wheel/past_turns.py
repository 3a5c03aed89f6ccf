"""The turns of a model as its budget and its triggers count them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from driftwheel.store.models.models import Model
from driftwheel.store.wheel.turns import Turn, turns_since
from driftwheel.wheel.budget import PastTurn
from driftwheel.wheel.wheel_policy import DAYS_OF_MONTH

__all__ = ["past_turn", "turns_of_month"]


def turns_of_month(connection: Connection, model: Model, now: datetime) -> list[Turn]:
    """Return the turns of a model that began in the last 30 days, the oldest first."""
    return turns_since(connection, model.key, now - timedelta(days=DAYS_OF_MONTH))


def past_turn(turn: Turn, *, whole: bool = False) -> PastTurn:
    """Return of a turn what budget and triggers look at; `whole`: an alert of the whole model began it."""
    return PastTurn(turn.number, turn.begun, turn.ended, turn.outcome, turn.labels, turn.alert, whole)
