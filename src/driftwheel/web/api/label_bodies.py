"""What requests say of labelling, and what they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.services.label.next_tasks import MOST_AT_ONCE, WhyNone
from driftwheel.store.label_sources import LabelSource
from driftwheel.store.pools import ClosedBecause, PoolState
from driftwheel.store.projects import AnswerType
from driftwheel.store.task_answers import AnswerKind, AnswerState
from driftwheel.store.tasks import ReviewWhy, TaskKind, TaskState
from driftwheel.store.verdicts import Answer

__all__ = [
    "AnnotatorAnswer",
    "AnnotatorChangeBody",
    "AnswerBody",
    "BanBody",
    "BoxesBody",
    "ClassBody",
    "CloseBody",
    "EventAnswer",
    "FillBody",
    "FilledAnswer",
    "GivenTaskAnswer",
    "InvitationAnswer",
    "InvitationBody",
    "JoinBody",
    "JoinedAnswer",
    "LabelBoxBody",
    "LabelClassAnswer",
    "ListBody",
    "NewInvitationAnswer",
    "NextBody",
    "NextTasksAnswer",
    "OneClassBody",
    "Payload",
    "PoolAnswer",
    "PoolBody",
    "PoolChangeBody",
    "PoolImageBody",
    "PrelabelAnswer",
    "ProjectAnswer",
    "ProjectBody",
    "ProjectChangeBody",
    "RepliedAnswer",
    "ReplyBody",
    "RequirementsBody",
    "ResultAnswer",
    "ResultsAnswer",
    "RulesAnswer",
    "RulesBody",
    "SomeClassesBody",
    "StoredAnswerAnswer",
    "StoredAnswersAnswer",
    "SubmittedAnswer",
    "plain_payload",
]

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)
_Name = Annotated[str, Field(max_length=64)]
_Names = Annotated[list[_Name], Field(max_length=50)]
_Label = Annotated[str, Field(min_length=1, max_length=256)]
_Record = Annotated[str, Field(min_length=1, max_length=128)]
_Worker = Annotated[
    str | None,
    Field(max_length=128, description="Whom a token acts for that is nobody's own, as called elsewhere."),
]


class ClassBody(BaseModel):
    """A class that people choose."""

    model_config = _FORBID

    name: _Label
    key: str | None = Field(None, max_length=1, description="Its hot key; null: one is given.")
    colour: str | None = Field(None, max_length=7, description="`#rrggbb`; null: one is given.")


class ProjectBody(BaseModel):
    """A labelling project to be made."""

    model_config = _FORBID

    name: str = Field(min_length=1, max_length=128)
    model: str = Field(max_length=128, description="Whose images are labelled.")
    answer: AnswerType = Field(
        description="One class an image, any number of classes, or boxes with a class each."
    )
    classes: list[ClassBody] = Field(min_length=1, max_length=1000)
    instructions: str = Field("", max_length=20_000)


class ProjectChangeBody(BaseModel):
    """What is to change of a project; what is left out stays."""

    model_config = _FORBID

    classes: list[ClassBody] | None = Field(
        None, min_length=1, max_length=1000, description="Those there are, in their order; others may follow."
    )
    instructions: str | None = Field(None, max_length=20_000)


class LabelClassAnswer(BaseModel):
    """A class that people choose."""

    name: str
    key: str = Field(description="Its hot key; empty: none.")
    colour: str


class ProjectAnswer(BaseModel):
    """A labelling project."""

    key: int
    name: str
    model: str
    answer: AnswerType
    classes: list[LabelClassAnswer]
    instructions: str
    created: datetime
    by: str


class RequirementsBody(BaseModel):
    """What annotators must have, all of it."""

    model_config = _FORBID

    skills: dict[_Name, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, max_length=50, description="Name and least level."
    )
    languages: _Names = Field(default_factory=list)
    tags: _Names = Field(default_factory=list)


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


class LabelBoxBody(BaseModel):
    """A box, in pixels of the upright image."""

    model_config = _FORBID

    label: _Label = Field(alias="class")
    x: float = Field(ge=-1e6, le=1e6, description="Left edge before it is turned.")
    y: float = Field(ge=-1e6, le=1e6, description="Upper edge before it is turned.")
    w: float = Field(gt=0, le=1e6)
    h: float = Field(gt=0, le=1e6)
    rotation: float = Field(0.0, ge=-1e6, le=1e6, description="Clockwise degrees about its centre.")


class OneClassBody(BaseModel):
    """The class of an image."""

    model_config = _FORBID

    label: _Label = Field(alias="class")


class SomeClassesBody(BaseModel):
    """The classes of an image."""

    model_config = _FORBID

    classes: list[_Label] = Field(max_length=1000)


class BoxesBody(BaseModel):
    """The objects in an image; none is an answer too."""

    model_config = _FORBID

    boxes: list[LabelBoxBody] = Field(max_length=1000)


Payload = OneClassBody | SomeClassesBody | BoxesBody
"""What an answer says, of the form that the project asks for."""


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


class InvitationBody(BaseModel):
    """An invitation to be made."""

    model_config = _FORBID

    note: str = Field("", max_length=256, description="Whom it is for.")
    most: int = Field(1, ge=1, le=1_000_000, description="So many may join by it.")
    languages: _Names = Field(default_factory=list, description="Of who joins by it.")
    tags: _Names = Field(default_factory=list, description="Of who joins by it.")
    expires: AwareDatetime | None = None


class InvitationAnswer(BaseModel):
    """An invitation, without its secret."""

    key: int
    note: str
    most: int | None
    joined: int
    languages: list[str]
    tags: list[str]
    created: datetime
    by: str
    expires: datetime | None
    revoked: datetime | None


class NewInvitationAnswer(InvitationAnswer):
    """An invitation that was just made."""

    secret: str = Field(description="For `POST /api/v1/join`; shown this once.")


class JoinBody(BaseModel):
    """Somebody joins a project."""

    model_config = _FORBID

    invitation: str = Field(min_length=1, max_length=128, description="Its secret.")
    name: str = Field(min_length=1, max_length=64)
    languages: _Names = Field(
        default_factory=list, description="That they know, beside those of the invitation."
    )


class JoinedAnswer(BaseModel):
    """Somebody has joined a project."""

    token: str = Field(description="To call with, for this project alone; shown this once.")
    project: int
    annotator: int
    name: str


class AnnotatorAnswer(BaseModel):
    """Who labels in a project."""

    key: int
    name: str
    is_user: bool = Field(description="Somebody who may log in.")
    invitation: int | None
    skills: dict[str, float]
    languages: list[str]
    tags: list[str]
    banned: int | None = Field(description="The key of the event that says why; null: not banned.")
    paused_until: datetime | None = Field(description="A rule has them pause; null: none does.")
    created: datetime
    answered: int
    skipped: int
    golden: int = Field(description="Golden tasks answered.")
    golden_correct: int


class AnnotatorChangeBody(BaseModel):
    """What is to change of an annotator; what is left out stays."""

    model_config = _FORBID

    skills: dict[_Name, Annotated[float, Field(ge=0, le=1)]] | None = Field(None, max_length=50)
    languages: _Names | None = None
    tags: _Names | None = None


class BanBody(BaseModel):
    """Why somebody is banned."""

    model_config = _FORBID

    reason: str = Field(min_length=1, max_length=2000)
    exclude: bool = Field(False, description="Their answers count no longer; others are asked instead.")


class EventAnswer(BaseModel):
    """What a rule or a person did."""

    key: int
    kind: str
    reason: str
    pool: int | None
    annotator: int | None
    task: int | None
    numbers: dict[str, Any]
    time: datetime
    by: str
    undone: datetime | None
    undone_by: str | None


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
    reason: str = Field("", max_length=2000, description="Of a skip, or why nobody can tell.")
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


def plain_payload(payload: BaseModel | None) -> Mapping[str, Any] | None:
    """Return what services take for a payload."""
    return None if payload is None else payload.model_dump(by_alias=True)
