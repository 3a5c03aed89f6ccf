"""What annotators ask and say of tasks, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from driftwheel.services.label.work.next_tasks import MOST_AT_ONCE, WhyNone
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.labels.task_answers import AnswerKind, AnswerState
from driftwheel.web.api.payload_bodies import Payload

__all__ = [
    "AnswerBody",
    "GivenTaskAnswer",
    "NextBody",
    "NextTasksAnswer",
    "NoticeAnswer",
    "PrelabelAnswer",
    "RepliedAnswer",
    "ReplyBody",
    "SubmittedAnswer",
]

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)
_Worker = Annotated[
    str | None,
    Field(max_length=128, description="Whom a token acts for that is nobody's own, as called elsewhere."),
]


class NextBody(BaseModel):
    """How many tasks an annotator wants to have."""

    model_config = _FORBID

    count: int = Field(1, ge=1, le=MOST_AT_ONCE)
    pool: int | None = Field(None, ge=1, lt=2**31, description="Of this pool only.")
    annotator: _Worker = None


class PrelabelAnswer(BaseModel):
    """What something that is no person says of a task: to be accepted, changed or passed over."""

    payload: Payload
    confidence: float = Field(description="How sure it is, 0 to 1.")


class GivenTaskAnswer(BaseModel):
    """A task that an annotator has. Nothing tells a golden task from another."""

    task: int = Field(description="The annotator's own number of it; results have the task's key.")
    pool: int
    image: str = Field(description="SHA-256 of the file.")
    width: int | None
    height: int | None
    training: bool = Field(description="The right answer is told after the annotator's own.")
    begun: datetime
    expires: datetime = Field(description="Until then nobody else gets it; asking again moves that.")
    prelabel: PrelabelAnswer | None = Field(
        None, description="Of the assistant, a file or the model; null: none is shown, of some by chance."
    )


class NoticeAnswer(BaseModel):
    """What a rule has noticed, to be told to the annotator once."""

    key: int
    words: str


class NextTasksAnswer(BaseModel):
    """What an annotator is to do."""

    tasks: list[GivenTaskAnswer]
    why: WhyNone = Field(description="Why there is none; empty where there is one.")
    missing: str = Field(description="What the annotator lacks, in words, where that is why.")
    until: Annotated[
        datetime | None, Field(description="How long the annotator has to pause, where that is why.")
    ] = None
    challenge: Annotated[
        int | None, Field(description="Challenge to reply to first, where that is why: digits in an image.")
    ] = None
    notices: Annotated[
        list[NoticeAnswer],
        Field(description="Warnings of the last day: the same keys come again, and are to be told once."),
    ] = []


class ReplyBody(BaseModel):
    """The reply to a challenge."""

    model_config = _FORBID

    text: str = Field(max_length=100, description="The digits that its image shows.")
    annotator: _Worker = None


class RepliedAnswer(BaseModel):
    """What became of a reply."""

    passed: bool = Field(description="It is right, and came in time; else another challenge waits.")


class AnswerBody(BaseModel):
    """What an annotator says of a task."""

    model_config = _FORBID

    id: str = Field(
        min_length=1,
        max_length=60,
        description="A UUID of the client: the same answer sent again counts once.",
    )
    task: int = Field(ge=1, lt=2**63, description="As `next` gave it.")
    kind: AnswerKind = "answer"
    payload: Payload | None = None
    reason: str = Field("", max_length=LONGEST_REMARK, description="Of a skip, or why nobody can tell.")
    seconds: float | None = Field(None, ge=0, le=604_800, description="Looked at it.")
    annotator: _Worker = None


class SubmittedAnswer(BaseModel):
    """What became of an answer."""

    id: str
    outcome: str = Field(description="`accepted`: kept now. `duplicate`: the same was kept before.")
    state: AnswerState = Field(
        description="`surplus`: it came after its lease, and the task wanted no more; it is kept, not used."
    )
    truth: Payload | None = Field(description="The right answer, of a training task.")
    correct: bool | None = Field(description="Whether it was given, of a training task.")
