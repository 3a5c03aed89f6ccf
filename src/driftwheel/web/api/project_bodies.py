"""What requests say of labelling projects and their annotators, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.labels.projects import AnswerType

__all__ = [
    "AnnotatorAnswer",
    "AnnotatorChangeBody",
    "BanBody",
    "ClassBody",
    "EventAnswer",
    "InvitationAnswer",
    "InvitationBody",
    "JoinBody",
    "JoinedAnswer",
    "LabelClassAnswer",
    "NewInvitationAnswer",
    "ProjectAnswer",
    "ProjectBody",
    "ProjectChangeBody",
    "RequirementsBody",
]

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)
_Name = Annotated[str, Field(max_length=64)]
_Names = Annotated[list[_Name], Field(max_length=50)]
_Label = Annotated[str, Field(min_length=1, max_length=256)]


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


class InvitationBody(BaseModel):
    """An invitation to be made."""

    model_config = _FORBID

    note: str = Field("", max_length=256, description="Whom it is for.")
    most: int = Field(1, ge=1, le=1_000_000, description="So many may join by it.")
    languages: _Names = Field(default_factory=list, description="Of who joins by it.")
    tags: _Names = Field(default_factory=list, description="Of who joins by it.")
    skills_told: dict[_Name, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict,
        description="Skills that who joins may say they have, with the level that their word counts for.",
    )
    tags_told: _Names = Field(default_factory=list, description="Tags that who joins may give themselves.")
    expires: AwareDatetime | None = None


class InvitationAnswer(BaseModel):
    """An invitation, without its secret."""

    key: int
    note: str
    most: int | None
    joined: int
    languages: list[str]
    tags: list[str]
    skills_told: dict[str, float]
    tags_told: list[str]
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
    skills: _Names = Field(default_factory=list, description="That they have, of `skills_told` of it.")
    tags: _Names = Field(default_factory=list, description="That they have, of `tags_told` of it.")


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

    reason: str = Field(min_length=1, max_length=LONGEST_REMARK)
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
