"""Metrics of the wheel: turns that go on and what they wait for, turns that ended, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from sqlalchemy import Connection

from driftwheel.services.operate.metric_family import Family, Labels
from driftwheel.store.models.models import Model
from driftwheel.store.wheel.turn_counts import count_turns, turn_costs
from driftwheel.store.wheel.turns import all_open_turns
from driftwheel.wheel.turn_step import Outcome, Waits

__all__ = ["wheel_families"]

_OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_WAITS: Final[tuple[Waits, ...]] = get_args(Waits)


def wheel_families(connection: Connection, models: Sequence[Model]) -> tuple[Family, ...]:
    """Return the metrics of the wheels of all models that have ever turned."""
    spent = turn_costs(connection)
    costs = {one.name: spent[one.key] for one in models if one.key in spent}
    names = {one.key: one.name for one in models if one.name in costs}
    going_on = {names[one.model]: one for one in all_open_turns(connection) if one.model in names}
    ended: dict[Labels, float] = {(name, outcome): 0.0 for name in costs for outcome in _OUTCOMES}
    for (model, outcome), number in count_turns(connection).items():
        if model in names:
            ended[names[model], outcome] = float(number)
    waits: dict[Labels, float] = {
        (name, what): float(one.waits == what) for name, one in going_on.items() for what in _WAITS
    }
    return (
        Family(
            "driftwheel_wheel_open_turns",
            "gauge",
            "Turns of the wheel that go on, 0 or 1; of models whose wheel has ever turned.",
            ("model",),
            {(name,): float(name in going_on) for name in costs},
        ),
        Family(
            "driftwheel_wheel_waits",
            "gauge",
            "1 for what the turn that goes on waits for; labels, review and answer need people.",
            ("model", "waits"),
            waits,
        ),
        Family(
            "driftwheel_wheel_turns",
            "counter",
            "Turns of the wheel that have ended, by how.",
            ("model", "outcome"),
            ended,
        ),
        Family(
            "driftwheel_wheel_labels",
            "counter",
            "Images that people labelled for turns of the wheel.",
            ("model",),
            {(name,): float(one.labels) for name, one in costs.items()},
        ),
        Family(
            "driftwheel_wheel_people_seconds",
            "counter",
            "Time that people took to answer for turns of the wheel.",
            ("model",),
            {(name,): one.people_seconds for name, one in costs.items()},
        ),
        Family(
            "driftwheel_wheel_machine_seconds",
            "counter",
            "Time of trainings, and of comparing on images, for turns of the wheel.",
            ("model",),
            {(name,): one.machine_seconds for name, one in costs.items()},
        ),
    )
