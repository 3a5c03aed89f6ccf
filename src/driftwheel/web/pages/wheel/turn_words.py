"""What pages say of turns of the wheel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from driftwheel.report.gains import span_words
from driftwheel.report.numbers import count, minutes, several
from driftwheel.services.wheel.describe_turn import DescribedStep, DescribedTurn
from driftwheel.store.wheel.turns import Turn
from driftwheel.wheel.turn_step import (
    OUTCOME_WORDS,
    STEP_WORDS,
    STEPS,
    WAIT_WORDS,
    WAITS_FOR_PEOPLE,
    Outcome,
    StepName,
    TriggerName,
)

__all__ = [
    "OUTCOME_TONES",
    "SHORT_STEPS",
    "TRIGGER_WORDS",
    "Cost",
    "Stage",
    "cost_of",
    "lasted",
    "stages_of",
    "state_words",
    "wheel_address",
]

TRIGGER_WORDS: Final[Mapping[TriggerName, str]] = {
    "alert": "an alert",
    "performance": "measured accuracy",
    "labels": "new labels",
    "schedule": "the schedule",
    "hand": "by hand",
}
OUTCOME_TONES: Final[Mapping[Outcome, str]] = {
    "promoted": "ok",
    "kept": "quiet",
    "rolled_back": "warn",
    "no_harm": "ok",
    "stopped": "quiet",
    "failed": "bad",
    "out_of_budget": "warn",
}
SHORT_STEPS: Final[Mapping[StepName, str]] = {
    "select": "choose",
    "label": "label",
    "consensus": "settle",
    "measure": "measure",
    "dataset": "dataset",
    "train": "train",
    "gate": "gate",
    "promote": "promote",
    "watch": "watch",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A step in the line of stages.

    Attributes
    ----------
    state
        ``done``, ``now`` (a machine is at it), ``wants`` (a person is waited for), ``waits`` (something
        else is), ``skipped``, ``ended`` (where the turn stopped short), ``ahead``.
    told
        For whoever points at it, or cannot see it.
    times
        How often the turn came there, 0 or more.
    """

    name: StepName
    words: str
    state: str
    told: str
    times: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a turn or a step cost, in words; empty where that is nothing."""

    labels: str
    annotators: str
    people: str
    machine: str


def wheel_address(name: str) -> str:
    """Return where the wheel of a model is shown."""
    return f"/models/{quote(name, safe='')}/wheel"


def state_words(turn: Turn) -> tuple[str, str]:
    """Return where a turn stands, in two or three words, and the tone of its chip."""
    if turn.outcome is not None:
        return OUTCOME_WORDS[turn.outcome], OUTCOME_TONES[turn.outcome]
    if turn.waits is None:
        return "at work", "note"
    if turn.waits in WAITS_FOR_PEOPLE:
        return f"waits for {WAIT_WORDS[turn.waits]}", "bad" if turn.waits == "answer" else "warn"
    return f"waits for {WAIT_WORDS[turn.waits]}", "note"


def stages_of(found: DescribedTurn) -> tuple[Stage, ...]:
    """Return the nine steps with how far each is, the last time that the turn came there."""
    turn = found.turn
    last: dict[StepName, DescribedStep] = {one.step.name: one for one in found.steps}
    times = {name: sum(one.step.name == name for one in found.steps) for name in STEPS}
    return tuple(_stage(name, last.get(name), turn, times[name]) for name in STEPS)


def _stage(name: StepName, found: DescribedStep | None, turn: Turn, times: int) -> Stage:
    what = STEP_WORDS[name].capitalize()
    if found is None:
        told = "not yet" if turn.is_open else "not come to"
        return Stage(name, SHORT_STEPS[name], "ahead", f"{what}: {told}", 0)
    step = found.step
    if turn.is_open and name == turn.step and step.state in {"running", "waiting"}:
        waits = turn.waits if step.state == "waiting" else None
        state = "now" if waits is None else "wants" if waits in WAITS_FOR_PEOPLE else "waits"
        told = "at work" if waits is None else f"waits for {WAIT_WORDS[waits]}"
        return Stage(name, SHORT_STEPS[name], state, f"{what}: {told}", times)
    if not turn.is_open and name == turn.step and turn.outcome in {"stopped", "failed", "out_of_budget"}:
        return Stage(name, SHORT_STEPS[name], "ended", f"{what}: {OUTCOME_WORDS[turn.outcome]} here", times)
    if step.state == "skipped":
        return Stage(name, SHORT_STEPS[name], "skipped", f"{what}: left out", times)
    done = "done" if step.ended is not None else "now"
    return Stage(name, SHORT_STEPS[name], done, f"{what}: done", times)


def cost_of(one: Any) -> Cost:
    """Return what a `Turn` or a `TurnStep` cost."""
    return Cost(
        count(one.labels) if one.labels else "",
        several(one.annotators, "annotator") if one.annotators else "",
        minutes(one.people_seconds),
        minutes(one.machine_seconds),
    )


def lasted(begun: datetime, ended: datetime | None, now: datetime) -> str:
    """Return how long something lasted, or has lasted so far."""
    span = max(timedelta(), (ended or now) - begun)
    hours = round(span.seconds / 3600)
    if span >= timedelta(hours=23.5):
        days, hours = (span.days, hours) if hours < 24 else (span.days + 1, 0)
        return several(days, "day") + (f" {hours} h" if hours and days < 10 else "")
    if span >= timedelta(minutes=10):
        whole = round(span.total_seconds() / 60)
        return f"{whole // 60} h {whole % 60} min" if whole >= 60 else f"{whole} min"
    return span_words(span.total_seconds())
