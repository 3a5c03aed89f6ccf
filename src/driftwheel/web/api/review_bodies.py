"""What requests say of reviews, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.labels.pools import PoolState
from driftwheel.store.labels.review_queue import ReviewAction
from driftwheel.store.labels.task_answers import AnswerKind, AnswerState
from driftwheel.store.labels.tasks import ReviewWhy, TaskState
from driftwheel.web.api.payload_bodies import Payload

__all__ = [
    "DecisionBody",
    "PromoteBody",
    "PromotedAnswer",
    "QueueAnswer",
    "QueuedTaskAnswer",
    "ReviewAnswer",
    "ReviewedAnswer",
    "ReviewsAnswer",
    "VoteAnswer",
]

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)


class VoteAnswer(BaseModel):
    """What an annotator said of a task."""

    annotator: int
    name: str
    kind: AnswerKind
    payload: Payload | None
    reason: str
    seconds: float | None
    state: AnswerState
    received: datetime


class QueuedTaskAnswer(BaseModel):
    """A task that wants a person."""

    task: int
    pool: int
    record: str
    image: str = Field(description="SHA-256 of the file.")
    width: int | None
    height: int | None
    why: ReviewWhy = Field(
        description="`disputed`: annotators disagree. `set_aside`: too many skipped it. `unsure`: the "
        "consensus is less sure than the pool asks for. `sample`: drawn to be looked at."
    )
    state: TaskState
    reason: str = Field(description="Why it was selected.")
    consensus: Payload | None
    confidence: float | None
    answers: list[VoteAnswer] = Field(description="In the order they came, without those that were undone.")
    finished: datetime | None


class QueueAnswer(BaseModel):
    """A page of the review queue."""

    tasks: list[QueuedTaskAnswer]
    waiting: dict[ReviewWhy, int] = Field(description="In the queue in all, by reason.")
    next: int | None = Field(description="`after` of the next page; null: this is the last.")


class DecisionBody(BaseModel):
    """What a reviewer decides of a task."""

    model_config = _FORBID

    action: ReviewAction = Field(
        description="`accept`: the consensus is right. `edit`: `payload` is right. `reject`: it is labelled "
        "again."
    )
    payload: Payload | None = Field(
        None, description="What is right; of an acceptance the consensus that was seen."
    )
    reason: str = Field("", max_length=LONGEST_REMARK)
    again: Literal["others", "anyone"] = Field(
        "others", description="Who is asked after a rejection: those who have not answered, or anyone."
    )
    anew: bool = Field(False, description="Decide though somebody has decided already.")


class ReviewAnswer(BaseModel):
    """What a person decided of a task."""

    key: int
    task: int
    pool: int
    why: ReviewWhy | None = Field(description="It was in the queue; null: it was not.")
    action: ReviewAction
    payload: Payload | None = Field(description="What it was decided to be; null: it is labelled again.")
    consensus: Payload | None = Field(description="What it was before.")
    confidence: float | None
    reason: str
    event: int | None = Field(description="By which its answers count no longer.")
    time: datetime
    by: str


class ReviewedAnswer(BaseModel):
    """A decision that was just made."""

    review: ReviewAnswer
    pool_state: PoolState = Field(description="A closed pool asks nobody again.")


class ReviewsAnswer(BaseModel):
    """A page of decisions, the newest first."""

    reviews: list[ReviewAnswer]
    next: int | None = Field(description="`before` of the next page; null: this is the last.")


class PromoteBody(BaseModel):
    """Where a reviewed task becomes one whose right answer is known."""

    model_config = _FORBID

    pool: int = Field(ge=1, lt=2**31, description="Another pool of the project.")
    kind: Literal["golden", "training", "exam"] = "golden"


class PromotedAnswer(BaseModel):
    """A reviewed task has become one whose right answer is known."""

    record: str
    pool: int
    kind: Literal["golden", "training", "exam"]
