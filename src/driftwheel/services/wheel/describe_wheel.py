"""Describe the wheel of a model: its policy, what each trigger sees, and the suggested rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.services.wheel.gather_facts import gather_facts
from driftwheel.services.wheel.measured_reigns import measured_reigns
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, find_model
from driftwheel.store.wheel.policies import find_policy
from driftwheel.store.wheel.turns import Turn, list_turns
from driftwheel.wheel.rhythm import Rhythm, suggest_rhythm
from driftwheel.wheel.trigger import WheelDecision, decide
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["WheelState", "describe_wheel"]


@dataclass(frozen=True, slots=True)
class WheelState:
    """The wheel of a model at a moment.

    Attributes
    ----------
    policy
        With when and by whom it was set last; None and empty: it is the default.
    decision
        What each trigger sees, and why a turn begins now or does not.
    turn
        The one that goes on; None: none does.
    last
        The one that ended last; None: none has.
    rhythm
        How often to retrain, as far as measured accuracy tells, for the policy's `harm_margin`.
    """

    model: Model
    policy: WheelPolicy
    changed: datetime | None
    by: str
    decision: WheelDecision
    turn: Turn | None
    last: Turn | None
    rhythm: Rhythm


def describe_wheel(engine: Engine, model: str, *, now: datetime) -> WheelState:
    """Return the wheel of a model; raise `UsageError` where there is no such model."""
    with reading(engine) as connection:
        known = find_model(connection, model)
        kept = find_policy(connection, known.key)
        facts = gather_facts(connection, known, kept.policy, now=now)
        turns = list_turns(connection, known.key, limit=2)
        reigns = measured_reigns(connection, known, now=now)
    return WheelState(
        known,
        kept.policy,
        kept.changed,
        kept.by,
        decide(kept.policy, facts),
        next((one for one in turns if one.is_open), None),
        next((one for one in turns if not one.is_open), None),
        suggest_rhythm(reigns, kept.policy.harm_margin),
    )
