"""What requests say of pools of tasks, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.store.labels.label_sources import LabelSource
from driftwheel.store.labels.pools import ClosedBecause, PoolState
from driftwheel.store.labels.task_answers import AnswerKind, AnswerState
from driftwheel.store.labels.tasks import ReviewWhy, TaskKind, TaskState
from driftwheel.store.windows.verdicts import Answer
from driftwheel.web.api.payload_bodies import Payload
from driftwheel.web.api.project_bodies import RequirementsBody

__all__ = [
    "CloseBody",
    "FillBody",
    "FilledAnswer",
    "ListBody",
    "PoolAnswer",
    "PoolBody",
    "PoolChangeBody",
    "PoolImageBody",
    "ResultAnswer",
    "ResultsAnswer",
    "RulesAnswer",
    "RulesBody",
    "StoredAnswerAnswer",
    "StoredAnswersAnswer",
]

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)
_Name = Annotated[str, Field(max_length=64)]
_Record = Annotated[str, Field(min_length=1, max_length=128)]


class RulesBody(BaseModel):
    """Rules of a pool; those left out stay, or are the default of a new one."""

    model_config = _FORBID

    review_share: Annotated[
        float | None,
        Field(ge=0, le=1, description="Share of the images that are done that a person sees in any case."),
    ] = None
    review_below: Annotated[
        float | None,
        Field(ge=0, le=1, description="A person sees what is done with a consensus less sure than this."),
    ] = None
    golden: Annotated[bool | None, Field(description="Who answers golden tasks poorly is banned.")] = None
    too_fast: Annotated[
        bool | None, Field(description="Who answers faster than one can look has to pause.")
    ] = None
    fast_seconds: Annotated[
        float | None, Field(ge=0, le=60, description="So fast nobody looks; good annotators tell it better.")
    ] = None
    skipping: Annotated[
        bool | None, Field(description="Who skips image after image is warned, then has to pause.")
    ] = None
    skips_in_row: Annotated[
        int | None, Field(ge=1, le=50, description="So many are no surprise; more, where all skip much.")
    ] = None
    cannot_tell: Annotated[
        bool | None, Field(description="Who can far less often tell than others is warned, then pauses.")
    ] = None
    collusion: Annotated[
        bool | None, Field(description="Annotators of whom one copies the other have to pause.")
    ] = None
    challenge_every: Annotated[
        int | None,
        Field(ge=0, le=100_000, description="After so many tasks, on average, digits are typed; 0: never."),
    ] = None
    pause_minutes: Annotated[
        int | None, Field(ge=1, le=1440, description="Of the first pause; the next are twice as long each.")
    ] = None


class RulesAnswer(BaseModel):
    """The rules of a pool."""

    review_share: float
    review_below: float
    golden: bool
    too_fast: bool
    fast_seconds: float
    skipping: bool
    skips_in_row: int
    cannot_tell: bool
    collusion: bool
    challenge_every: int
    pause_minutes: int


class PoolChangeBody(BaseModel):
    """What is to change of a pool; what is left out stays."""

    model_config = _FORBID

    rules: RulesBody


class PoolBody(BaseModel):
    """A pool to be made."""

    model_config = _FORBID

    name: str = Field(min_length=1, max_length=128)
    overlap: int = Field(1, ge=1, le=20, description="Answers that every image gets.")
    most_overlap: int | None = Field(
        None, ge=1, le=20, description="More, up to so many, until the consensus is sure; null: never more."
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="What is sure enough.")
    golden_share: float = Field(0.1, ge=0, le=0.9, description="Of the tasks that are handed out.")
    exam_pass: float = Field(0.8, ge=0, le=1, description="Share of the exam's tasks to be answered right.")
    lease_seconds: int = Field(1200, ge=10, le=604_800, description="So long nobody else gets a task.")
    price: float = Field(0.0, ge=0, le=1e12, description="Of an answer, in any currency.")
    budget: float | None = Field(None, ge=0, le=1e12, description="It closes the pool; null: no bound.")
    requires: RequirementsBody = Field(default_factory=RequirementsBody)
    rules: RulesBody = Field(default_factory=RulesBody)


class PoolAnswer(BaseModel):
    """A pool and how far it is."""

    key: int
    name: str
    state: PoolState
    closed_because: ClosedBecause | None
    overlap: int
    most_overlap: int
    confidence: float
    golden_share: float
    exam_pass: float
    lease_seconds: int
    price: float
    most_paid: int | None = Field(description="Answers that the budget pays.")
    requires: RequirementsBody
    rules: RulesAnswer
    tasks: int = Field(description="Images to be labelled.")
    done: int = Field(description="Of them, those that want no more answers.")
    paid: int = Field(description="Answers.")
    created: datetime
    by: str


class PoolImageBody(BaseModel):
    """An image for a pool."""

    model_config = _FORBID

    record: _Record = Field(description="Id of its record.")
    kind: TaskKind = Field(
        "real",
        description="`real`: to be labelled. `golden`: mixed in to see how good an annotator is. `training`: "
        "answered first, and explained. `exam`: answered after that.",
    )
    truth: Payload | None = Field(None, description="The right answer, of all that are not real.")
    reason: str = Field("", max_length=500, description="Why it was chosen.")


class ListBody(BaseModel):
    """Images of the project's model: the first of a list."""

    model_config = _FORBID

    limit: int = Field(ge=1, le=10_000)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    tags: dict[_Name, Annotated[str, Field(max_length=256)]] = Field(default_factory=dict, max_length=20)
    predicted: str | None = Field(None, max_length=256)
    verdict: Answer | None = Field(None, description="In windows with this answer.")
    outlier_p_at_most: float | None = Field(None, ge=0, le=1)
    most_unusual_first: bool = False
    reason: str = Field("", max_length=500, description="Why these were chosen.")


class FillBody(BaseModel):
    """Images for a pool: these, or those of a list."""

    model_config = _FORBID

    images: list[PoolImageBody] = Field(default_factory=list, max_length=10_000)
    list_of: ListBody | None = Field(None, alias="list")


class FilledAnswer(BaseModel):
    """What became of images."""

    added: int
    there: int = Field(description="The pool had them already.")
    missing: list[str] = Field(description="Ids of records that are not there, or whose image is not kept.")


class CloseBody(BaseModel):
    """Why a pool is closed."""

    model_config = _FORBID

    reason: str = Field("", max_length=500)


class ResultAnswer(BaseModel):
    """A task, and what its answers amount to."""

    task: int
    record: str
    image: str = Field(description="SHA-256 of the file.")
    kind: TaskKind
    state: TaskState
    reason: str = Field(description="Why it was chosen.")
    answers: int
    skips: int
    consensus: Payload | None
    confidence: float | None = Field(description="Chance that the consensus is right.")
    source: LabelSource | None = Field(
        description="What the label came of: answers, a review, an assistant that was sure, or a file."
    )
    finished: datetime | None
    review: ReviewWhy | None = Field(description="Why a person is to look at it; null: nobody is.")
    reviewed: int | None = Field(description="Key of the review that decides; null: the answers do.")


class ResultsAnswer(BaseModel):
    """A page of results."""

    results: list[ResultAnswer]
    next: int | None = Field(description="`after` of the next page; null: this is the last.")


class StoredAnswerAnswer(BaseModel):
    """What an annotator said."""

    key: int
    id: str
    task: int
    annotator: int
    kind: AnswerKind
    payload: Payload | None
    reason: str
    seconds: float | None
    received: datetime
    state: AnswerState
    correct: bool | None = Field(description="Of golden, training and exam tasks.")
    paid: bool


class StoredAnswersAnswer(BaseModel):
    """A page of answers, in the order they came."""

    answers: list[StoredAnswerAnswer]
    next: int | None = Field(description="`after` of the next page; null: this is the last.")
