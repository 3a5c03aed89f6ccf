"""Dataset versions as JSON: what makes one, what is known of it, what it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.datasets.difference import Change, ChangeKind
from driftwheel.datasets.example import SPLITS, Example, LabelKind, Source, Split
from driftwheel.datasets.example_json import label_to_json
from driftwheel.datasets.splits import SplitShares
from driftwheel.formats.losses import LOSS_WORDS, NOTE_WORDS, Loss, Lost
from driftwheel.services.datasets.new_version import GroupRule, LabelChoice, NewVersion, SplitRule
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.datasets.dataset_versions import DatasetVersion

__all__ = [
    "ChangeAnswer",
    "ChangesAnswer",
    "ClassCounts",
    "DatasetAnswer",
    "DatasetBody",
    "DatasetsAnswer",
    "ExampleAnswer",
    "ExamplesAnswer",
    "LabelsBody",
    "LostLabels",
    "MadeDatasetAnswer",
    "NoteBody",
    "SplitsBody",
    "change_answer",
    "dataset_answer",
    "example_answer",
    "lost_answer",
    "wish_of",
]

_FORBID = ConfigDict(extra="forbid")
_Share = Annotated[float, Field(ge=0, le=1)]
_Number = Annotated[int, Field(ge=1, lt=2**31)]
_Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
_Note = Annotated[str, Field(max_length=LONGEST_REMARK, pattern=r"^[^\x00]*$")]


class SplitsBody(BaseModel):
    """How images are split; what is drawn to measure on is always in test."""

    model_config = _FORBID

    train: _Share = 0.7
    validation: _Share = 0.15
    test: _Share = Field(0.15, description="With the two others it adds up to 1.")
    group_tags: Annotated[list[_Name], Field(max_length=16)] = Field(
        default=[], description="Images whose records have the same values of these tags stay together."
    )
    group_pattern: Annotated[str, Field(max_length=256, pattern=r"^[^\x00]*$")] = Field(
        "",
        description="Images whose names agree in the parts that this names stay together.",
        examples=["{patient}_{_}"],
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(0, description="Another draws another split.")

    def rule(self) -> SplitRule:
        """Return the rule."""
        groups = GroupRule(tuple(self.group_tags), self.group_pattern)
        return SplitRule(SplitShares(self.train, self.validation, self.test), groups, self.seed)


class LabelsBody(BaseModel):
    """Which labels of the model's images."""

    model_config = _FORBID

    since: AwareDatetime | None = Field(None, description="Event time of the record, from then on.")
    until: AwareDatetime | None = Field(None, description="Before then.")
    pools: Annotated[list[_Number], Field(max_length=1000)] | None = Field(
        None, description="Only images of tasks of these pools."
    )
    sources: Annotated[list[Source], Field(max_length=8)] | None = Field(
        None, description="Only labels of these; where a surer one is known, the image is left out."
    )


class DatasetBody(BaseModel):
    """A dataset version to be made: of labels, an earlier version, or both."""

    model_config = _FORBID

    labels: LabelsBody | None = Field(None, description="Labels of the model's images; `{}`: all.")
    parent: _Number | None = Field(None, description="Number of the version that it begins with.")
    kind: LabelKind | None = Field(None, description="As the parent, or as the model's task asks.")
    splits: SplitsBody | None = Field(None, description="As the parent was split.")
    new_classes: bool = Field(False, description="Classes may come in that the model has not.")
    note: _Note = ""


class NoteBody(BaseModel):
    """What people should know of a version."""

    model_config = _FORBID

    note: _Note


class LostLabels(BaseModel):
    """What was lost of labels of a folder, or is worth telling."""

    kind: str
    words: str
    count: int
    first: str


class ClassCounts(BaseModel):
    """Images of a class, by split."""

    name: str
    train: int
    validation: int
    test: int


class DatasetAnswer(BaseModel):
    """A dataset version."""

    number: int
    digest: str = Field(description="SHA-256 of all that it holds.")
    content: str = Field(description="SHA-256 of images, labels and splits alone.")
    kind: LabelKind
    images: int
    splits: dict[Split, int]
    classes: list[ClassCounts]
    sources: dict[str, int] = Field(description="Who vouches for the labels: images of each.")
    people: dict[str, int] = Field(description="Who labelled: images of each.")
    alerts: dict[int, int] = Field(description="Number of an alert: images that were chosen for it.")
    holdout: int = Field(description="Images that were drawn to measure on.")
    groups: int = Field(description="Groups of several images.")
    boxes: int
    parent: int | None = Field(description="Number of the version that it was made of.")
    made_from: dict[str, Any]
    left_out: dict[str, int] = Field(description="Why: how many labels.")
    note: str
    created: datetime
    by: str
    removed: datetime | None = Field(description="When what it held was let go.")


class DatasetsAnswer(BaseModel):
    """Versions, the newest first."""

    datasets: list[DatasetAnswer]
    next: int | None = Field(description="Send it as `before` for the next ones.")


class MadeDatasetAnswer(BaseModel):
    """A version that was made, or the one that holds the very same."""

    is_new: bool
    dataset: DatasetAnswer
    lost: list[LostLabels]


class ExampleAnswer(BaseModel):
    """An image of a version."""

    image: str = Field(description="SHA-256 of the file.")
    name: str
    label: dict[str, Any]
    split: Split
    width: int | None
    height: int | None
    group: str
    holdout: bool
    source: Source
    by: list[str] = Field(description="Who labelled it.")
    labelled: datetime | None
    record: str
    model_version: str
    taken: datetime | None = Field(description="Event time of the record.")
    tags: dict[str, str]
    project: str
    pool: str
    task: int | None
    reason: str = Field(description="Why it was chosen to be labelled.")
    alert: int | None
    probability: float | None = Field(description="The chance that it had to be chosen, if drawn at random.")


class ExamplesAnswer(BaseModel):
    """Images of a version, sorted by their SHA-256."""

    images: list[ExampleAnswer]
    next: str | None = Field(description="Send it as `after` for the next ones.")


class ChangeAnswer(BaseModel):
    """An image that is not the same in two versions."""

    kind: ChangeKind
    before: ExampleAnswer | None
    after: ExampleAnswer | None


class ChangesAnswer(BaseModel):
    """How two versions differ."""

    before: int
    after: int
    same: int
    counts: dict[ChangeKind, int]
    relabelled: list[tuple[str, str, int]] = Field(description="Label before, label after, images.")
    changes: list[ChangeAnswer]
    next: str | None = Field(description="Send it as `after` for the next ones.")


def wish_of(model: str, body: DatasetBody) -> NewVersion:
    """Return what a body asks for.

    Raises
    ------
    UsageError
        For shares or a pattern that cannot be used.
    """
    chosen = body.labels
    return NewVersion(
        model,
        parent=body.parent,
        labels=None
        if chosen is None
        else LabelChoice(
            chosen.since,
            chosen.until,
            None if chosen.pools is None else tuple(chosen.pools),
            None if chosen.sources is None else tuple(chosen.sources),
        ),
        kind=body.kind,
        splits=None if body.splits is None else body.splits.rule(),
        new_classes=body.new_classes,
        note=body.note,
    )


def dataset_answer(one: DatasetVersion) -> DatasetAnswer:
    """Return a version as it is answered."""
    counted = one.contents
    given = one.made_from.get("parent")
    names = [*one.classes, *sorted(set(counted.classes) - set(one.classes))]
    return DatasetAnswer(
        number=one.number,
        digest=one.digest.hex(),
        content=one.content.hex(),
        kind=one.kind,
        images=one.images,
        splits={split: counted.splits[split] for split in SPLITS},
        classes=[ClassCounts(name=name, **counted.of_class(name)) for name in names],
        sources=dict(counted.sources.items()),
        people=dict(counted.people),
        alerts=dict(counted.alerts),
        holdout=counted.holdout,
        groups=counted.groups,
        boxes=counted.boxes,
        parent=None if given is None else given["number"],
        made_from=dict(one.made_from),
        left_out={why: n for why, (n, _) in one.left_out.items()},
        note=one.note,
        created=one.created,
        by=one.by,
        removed=one.removed,
    )


def example_answer(one: Example) -> ExampleAnswer:
    """Return an image of a version as it is answered."""
    origin = one.origin
    return ExampleAnswer(
        image=one.image.hex(),
        name=one.name,
        label=label_to_json(one.label),
        split=one.split,
        width=one.width,
        height=one.height,
        group=one.group,
        holdout=one.holdout,
        source=origin.source,
        by=list(origin.by),
        labelled=origin.time,
        record=origin.record,
        model_version=origin.model_version,
        taken=origin.taken,
        tags=dict(origin.tags),
        project=origin.project,
        pool=origin.pool,
        task=origin.task,
        reason=origin.reason,
        alert=origin.alert,
        probability=origin.probability,
    )


def change_answer(one: Change) -> ChangeAnswer:
    """Return a change as it is answered."""
    return ChangeAnswer(
        kind=one.kind,
        before=None if one.before is None else example_answer(one.before),
        after=None if one.after is None else example_answer(one.after),
    )


def lost_answer(one: Lost) -> LostLabels:
    """Return what was lost as it is answered."""
    words = LOSS_WORDS[one.kind] if isinstance(one.kind, Loss) else NOTE_WORDS[one.kind]
    return LostLabels(kind=one.kind.value, words=words, count=one.count, first=one.first)
