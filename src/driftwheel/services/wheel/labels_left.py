"""How many more images a turn of the wheel may have labelled."""

from __future__ import annotations

from sqlalchemy import Connection

from driftwheel.services.wheel.past_turns import past_turn, turns_of_month
from driftwheel.services.wheel.turn_moves import At
from driftwheel.store.wheel.turn_costs import people_cost
from driftwheel.wheel.budget import budget_of

__all__ = ["labels_left"]


def labels_left(connection: Connection, at: At) -> int:
    """Return how many images may still be labelled for a turn: of its own budget, and of the month's."""
    labelled = people_cost(connection, at.made("pool")).labels
    others = (one for one in turns_of_month(connection, at.model, at.now) if one.key != at.turn.key)
    past = [past_turn(one) for one in others]
    month = budget_of(at.policy, past, at.now).labels_left
    return max(0, min(at.policy.most_labels, month) - labelled)
