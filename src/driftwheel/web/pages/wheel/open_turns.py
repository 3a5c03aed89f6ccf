"""Turns of the wheel as other pages tell of them: those that go on, and the one that an alert began."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.wheel.describe_turn import describe_turn
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.wheel.turns import all_open_turns, turn_of_alert
from driftwheel.web.pages.wheel.turn_view import TurnView, turn_view

__all__ = ["alert_turn", "open_turns"]


def open_turns(engine: Engine, models: Collection[str], now: datetime) -> list[TurnView]:
    """Return the turns of some models that go on, the oldest first."""
    with reading(engine) as connection:
        turns = [(model_by_key(connection, one.model), one.number) for one in all_open_turns(connection)]
    views = [
        _view(engine, model, number, now)
        for model, number in turns
        if model is not None and model.name in models
    ]
    return [one for one in views if one is not None and one.turn.is_open]


def alert_turn(engine: Engine, alert: int, now: datetime) -> TurnView | None:
    """Return the newest turn that an alert began, None where it began none."""
    with reading(engine) as connection:
        turn = turn_of_alert(connection, alert)
        model = None if turn is None else model_by_key(connection, turn.model)
    return None if turn is None or model is None else _view(engine, model, turn.number, now)


def _view(engine: Engine, model: Model, number: int, now: datetime) -> TurnView | None:
    try:
        found = describe_turn(engine, model.name, number)
    except UsageError:  # the model was deleted meanwhile
        return None
    return turn_view(engine, found, now)
