"""The wheel as JSON: its policy, what its triggers see, the suggested rhythm."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from driftwheel.monitors.monitor import Severity
from driftwheel.services.wheel.describe_wheel import WheelState
from driftwheel.services.wheel.wheel_json import wheel_to_json
from driftwheel.wheel.rhythm import RhythmKind
from driftwheel.wheel.turn_step import TriggerName
from driftwheel.wheel.wheel_policy import POLICY_RANGES, Unsettled

__all__ = [
    "WheelAnswer",
    "WheelBudget",
    "WheelDecay",
    "WheelPoint",
    "WheelPolicyBody",
    "WheelReign",
    "WheelRhythm",
    "WheelTrigger",
    "wheel_answer",
]


def _ranged(name: str, default: Any, description: str) -> Any:
    least, most = POLICY_RANGES[name]
    return Field(default, ge=least, le=most, description=description)


class WheelPolicyBody(BaseModel):
    """When turns of a wheel begin, what they may cost, and who decides."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(False, description="Whether triggers begin turns; by hand always works.")
    on_alert: bool = Field(True, description="A drift alert that fires begins a turn.")
    alert_severity: Severity = Field("warning", description="The mildest alert that does.")
    accuracy_below: float | None = _ranged(
        "accuracy_below", None, "So does a measured accuracy shown to be below this; null: none does."
    )
    accuracy_days: int = _ranged("accuracy_days", 7, "Over how many of the last days it is measured.")
    least_labels: int = _ranged("least_labels", 50, "With fewer labels it is not looked at.")
    new_labels: int | None = _ranged(
        "new_labels", None, "So many newly labelled images begin a turn; null: no number does."
    )
    every_days: int | None = _ranged(
        "every_days", None, "A turn begins so many days after the last one, or the champion, began."
    )
    cool_down_days: float = _ranged("cool_down_days", 3.0, "So long after a turn none begins by itself.")
    turns_per_month: int = _ranged("turns_per_month", 4, "Turns that may begin in any 30 days.")
    labels_per_month: int = _ranged(
        "labels_per_month", 1500, "Images that turns may have labelled in any 30 days."
    )
    images: int = _ranged("images", 200, "Images that a turn chooses for people to label.")
    most_labels: int = _ranged("most_labels", 600, "Images a turn may have labelled, more for the gate too.")
    holdout_share: float = _ranged(
        "holdout_share", 0.4, "Share of them drawn at random to measure on; never trained on."
    )
    overlap: int = _ranged("overlap", 1, "People who answer for each image …")
    most_overlap: int | None = _ranged(
        "most_overlap", None, "… up to so many until the consensus is sure; null: `overlap`, always."
    )
    golden_share: float = _ranged("golden_share", 0.1, "Share of golden tasks, where the project has any.")
    deadline_days: float = _ranged("deadline_days", 7.0, "So long people are waited for.")
    remind_days: float = _ranged(
        "remind_days", 1.0, "So long after people were told that they are wanted they are reminded; 0: never."
    )
    unsettled: Unsettled = Field(
        "leave_out", description="What becomes of images on which annotators do not agree."
    )
    project: Annotated[str, Field(max_length=128)] | None = Field(
        None, description="The labelling project; null: the newest of the model, or a new one."
    )
    harm_margin: float = _ranged("harm_margin", 0.05, "Accuracy whose loss counts as harm.")
    end_without_harm: bool = Field(True, description="A turn ends after measuring where none was shown.")
    repair: bool = Field(True, description="A camera fault is repaired without labels at once.")
    watch_days: float = _ranged("watch_days", 3.0, "So long the new champion is compared with the old one …")
    watch_labels: int = _ranged("watch_labels", 100, "… or until so many images of both are labelled.")
    watch_margin: float = _ranged("watch_margin", 0.0, "Accuracy that it may be worse by.")
    roll_back: bool = Field(True, description="It is rolled back by itself when it is shown to be worse.")


class WheelTrigger(BaseModel):
    """What one trigger sees."""

    name: TriggerName
    enabled: bool = Field(description="Whether the policy has it on.")
    met: bool = Field(description="Whether a turn is to begin because of it.")
    told: str = Field(description="What it sees, a sentence.")
    found: dict[str, Any] = Field(description="The numbers and moments behind it.")
    alert: int | None = Field(description="Key of the alert; null: another trigger, or none.")


class WheelBudget(BaseModel):
    """What turns of the last 30 days used, and what is left."""

    turns: int
    labels: int
    turns_left: int
    labels_left: int
    again: datetime | None = Field(description="When a turn can be paid for again; null: now, or never.")
    lacking: str = Field(description="Why none can be now; empty: one can.")


class WheelPoint(BaseModel):
    """Measured accuracy of a champion some days after its promotion."""

    days: float
    accuracy: float
    low: float
    high: float
    labels: int


class WheelDecay(BaseModel):
    """The line through them."""

    start: float = Field(description="Accuracy at the promotion.")
    slope: float = Field(description="Accuracy lost a day; below 0: it rose.")
    sudden: float | None = Field(description="Days after which it fell at once; null: it did not.")


class WheelReign(BaseModel):
    """The time of a champion."""

    version: str
    begun: datetime
    ended: datetime | None
    points: list[WheelPoint]
    decay: WheelDecay | None = Field(description="null: there is too little to tell.")


class WheelRhythm(BaseModel):
    """How often to retrain, from how fast measured accuracy decays after each promotion."""

    kind: RhythmKind
    told: str = Field(description="What is suggested and why, or why nothing is.")
    loss: float = Field(description="Accuracy that is lost after `days`: the policy's `harm_margin`.")
    days: float | None
    low: float | None = Field(description="Of an interval of 90 %.")
    high: float | None = Field(description="null: without end.")
    slope: float | None = Field(description="Accuracy lost a day, of the mean champion.")
    slope_low: float | None
    slope_high: float | None
    labels: int = Field(description="That it rests on.")
    suggested: int | None = Field(description="Whole days, as for `every_days`; null: none are suggested.")
    reigns: list[WheelReign] = Field(description="The newest promotion first.")


class WheelAnswer(BaseModel):
    """The wheel of a model at a moment."""

    policy: WheelPolicyBody
    changed: datetime | None = Field(description="When the policy was set last; null: it is the default.")
    by: str
    begins: bool = Field(description="Whether a turn begins now.")
    told: str = Field(description="Why it does, or why none does.")
    because: TriggerName | None = Field(description="The first trigger that is met.")
    held_back: bool = Field(description="Whether a trigger is met and no turn begins.")
    not_before: datetime | None = Field(description="When what holds it back is over.")
    triggers: list[WheelTrigger]
    budget: WheelBudget
    turn: int | None = Field(description="Number of the turn that goes on.")
    last_turn: int | None = Field(description="Number of the turn that ended last.")
    rhythm: WheelRhythm


def wheel_answer(state: WheelState) -> WheelAnswer:
    """Return the wheel of a model for the API."""
    return WheelAnswer.model_validate(wheel_to_json(state))
