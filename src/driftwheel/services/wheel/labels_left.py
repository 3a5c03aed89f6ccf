"""How many more images a turn of the wheel may have labelled."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from driftwheel.services.wheel.turn_moves import At
from driftwheel.store.wheel.turn_costs import people_cost
from driftwheel.store.wheel.turns import turns_since
from driftwheel.wheel.budget import PastTurn, budget_of
from driftwheel.wheel.wheel_policy import DAYS_OF_MONTH

__all__ = ["labels_left"]


def labels_left(connection: Connection, at: At) -> int:
    """Return how many images may still be labelled for a turn: of its own budget, and of the month's."""
    since = at.now - timedelta(days=DAYS_OF_MONTH)
    labelled = people_cost(connection, at.made("pool")).labels
    past = [
        PastTurn(one.number, one.begun, one.ended, one.outcome, one.labels, one.alert)
        for one in turns_since(connection, at.model.key, since)
        if one.key != at.turn.key
    ]
    month = budget_of(at.policy, past, at.now).labels_left
    return max(0, min(at.policy.most_labels, month) - labelled)
