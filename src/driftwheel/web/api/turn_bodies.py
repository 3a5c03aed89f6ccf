"""Turns of the wheel as JSON: what is asked for, what is known of a turn."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.services.wheel.describe_turn import DescribedStep, DescribedTurn, MadeKind
from driftwheel.services.wheel.turn_pages import made_page, pages_to_do, turn_page
from driftwheel.wheel.turn_step import Outcome, StepName, StepState, TriggerName, Waits

__all__ = [
    "MadeAnswer",
    "NewTurnBody",
    "PageAnswer",
    "StepAnswer",
    "StopTurnBody",
    "TurnAnswer",
    "TurnAnswerBody",
    "TurnCost",
    "TurnsAnswer",
    "turn_answer",
]

_FORBID = ConfigDict(extra="forbid")
_Text = Annotated[str, Field(max_length=LONGEST_REMARK, pattern=r"^[^\x00]*$")]


class NewTurnBody(BaseModel):
    """A turn to be begun by hand."""

    model_config = _FORBID

    cause: _Text = Field("", description="Why, a sentence; it is kept.", examples=["The lens was changed."])
    alert: int | None = Field(None, ge=1, lt=2**63, description="Key of an alert of the model it is about.")


class StopTurnBody(BaseModel):
    """Why a turn is stopped."""

    model_config = _FORBID

    reason: _Text = Field("", description="It is kept.")


class TurnAnswerBody(BaseModel):
    """The answer that a turn waits for."""

    model_config = _FORBID

    answer: Literal["promote", "refuse"] = Field(description="Promote the challenger, or keep it out.")
    reason: _Text = Field("", description="It is kept.")


class TurnCost(BaseModel):
    """What a turn or a step cost."""

    labels: int = Field(description="Images that people labelled.")
    annotators: int = Field(description="How many people did.")
    people_seconds: float = Field(description="That they took to answer.")
    machine_seconds: float = Field(description="Of trainings, and of comparing on images.")


class MadeAnswer(BaseModel):
    """A thing that a step made."""

    what: str = Field(description="As the step has it; `repair` and `training` are both trainings.")
    kind: MadeKind
    key: int = Field(description="Of a dataset version its number.")
    name: str
    path: str = Field(description="Of its page on this server.")


class StepAnswer(BaseModel):
    """A step of a turn; one can come twice, when the gate asks for more labels."""

    number: int
    name: StepName
    state: StepState
    begun: datetime
    ended: datetime | None
    told: str = Field(description="What it did or found, a sentence.")
    found: dict[str, Any] = Field(description="Numbers, by what they are.")
    made: list[MadeAnswer]
    cost: TurnCost


class PageAnswer(BaseModel):
    """A page of this server."""

    words: str
    path: str


class TurnAnswer(BaseModel):
    """A turn, from what began it to how it ended."""

    number: int = Field(description="Of the model, from 1 on.")
    trigger: TriggerName
    cause: str = Field(description="Why it began, a sentence.")
    alert: int | None
    champion: str | None = Field(description="The version that was the champion when it began.")
    challenger: str | None = Field(description="The version that it sent to the gate last.")
    begun: datetime
    by: str
    step: StepName = Field(description="Where it stands, or stood when it ended.")
    waits: Waits | None = Field(description="What it waits for; `labels`, `review` and `answer` need people.")
    waits_for: str = Field(description="The same in a sentence; empty: it waits for nothing.")
    to_do: list[PageAnswer] = Field(description="Where one does what it waits for.")
    ended: datetime | None
    outcome: Outcome | None
    reason: str | None = Field(description="Of the outcome, a sentence.")
    cost: TurnCost
    policy: dict[str, Any] = Field(description="Of the wheel when it began: what was not the default.")
    steps: list[StepAnswer]
    path: str = Field(description="Of its page on this server.")


class TurnsAnswer(BaseModel):
    """Turns of a model, the newest first."""

    turns: list[TurnAnswer]
    next: int | None = Field(description="Give it as `before` for the next page; null: there is none.")


def turn_answer(found: DescribedTurn) -> TurnAnswer:
    """Return a turn as JSON."""
    turn = found.turn
    same = ("number", "trigger", "cause", "alert", "begun", "by", "step", "waits", "waits_for")
    return TurnAnswer(
        **{name: getattr(turn, name) for name in (*same, "ended", "outcome", "reason")},
        champion=found.champion,
        challenger=found.challenger,
        to_do=[PageAnswer(words=one.words, path=one.path) for one in pages_to_do(found)],
        cost=_cost(turn),
        policy=dict(turn.policy),
        steps=[_step(found.model, one) for one in found.steps],
        path=turn_page(found.model, turn.number),
    )


def _step(model: str, found: DescribedStep) -> StepAnswer:
    step = found.step
    made = [
        MadeAnswer(what=one.what, kind=one.kind, key=one.key, name=one.name, path=made_page(model, one))
        for one in found.made
    ]
    same = ("number", "name", "state", "begun", "ended", "told")
    return StepAnswer(
        **{name: getattr(step, name) for name in same}, found=dict(step.found), made=made, cost=_cost(step)
    )


def _cost(one: Any) -> TurnCost:
    return TurnCost(**{name: getattr(one, name) for name in TurnCost.model_fields})
