"""Performance: how good a model is in production, as labels and scores tell."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from driftwheel.errors import UsageError
from driftwheel.performance.measured_accuracy import Basis
from driftwheel.performance.partly_labelled import Method
from driftwheel.services.performance.describe_performance import describe_performance
from driftwheel.services.performance.describe_slices import describe_slices
from driftwheel.services.performance.performance_json import report_to_json
from driftwheel.services.watch.watch_model import span_of
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.failure_slices import ask_slices
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = [
    "CalibrationAnswer",
    "ClassAnswer",
    "ConditionAnswer",
    "ConfusionAnswer",
    "FigureAnswer",
    "LabelCounts",
    "LabelledAnswer",
    "MeasuredAnswer",
    "PerformanceAnswer",
    "ReliabilityAnswer",
    "SegmentPerformance",
    "SliceAnswer",
    "SlicesAnswer",
    "VersionPerformance",
    "WindowAnswer",
    "WindowEstimated",
    "WindowMeasured",
    "find_slices",
    "read_performance",
    "read_slices",
    "router",
]

router = APIRouter(prefix="/api/v1/models/{name}/performance", tags=["performance"], route_class=GuardedRoute)

_MOST_WINDOWS = 400


class FigureAnswer(BaseModel):
    """A figure with the interval that holds it with 90 %."""

    value: float | None = Field(description="None where no label tells it.")
    low: float | None
    high: float | None
    n: int = Field(description="Labels that it rests on.")


class LabelCounts(BaseModel):
    """Labels by how they came about."""

    told: int = Field(description="Truths that were sent, and labels of files.")
    sampled: int = Field(description="Of images drawn at random with a known chance.")
    chosen: int = Field(description="Of images chosen for what they show: they stand for no other.")


class LabelledAnswer(BaseModel):
    """What figures rest on."""

    basis: Basis = Field(
        description="all: as good as every prediction has a label; sample: those drawn at random; told: "
        "those that were told, as if drawn at random; chosen: accuracy cannot be told; none: no label."
    )
    method: Method = Field(description="How accuracy was told for predictions without a label.")
    labels: LabelCounts


class MeasuredAnswer(LabelledAnswer):
    """Figures that labels tell: accuracy, balanced_accuracy, macro_… and weighted_…, log_loss and more."""

    figures: dict[str, FigureAnswer]


class WindowMeasured(LabelledAnswer):
    """What the labels of one window tell so far."""

    accuracy: FigureAnswer


class WindowEstimated(BaseModel):
    """What the scores of one window tell without labels."""

    accuracy: FigureAnswer
    note: str = Field(description="What it was learned from, or why it cannot be told.")


class WindowAnswer(BaseModel):
    """One window."""

    start: datetime
    end: datetime
    made: datetime | None = Field(description="When it was last summed up: with the labels until then.")
    predictions: int
    measured: WindowMeasured | None
    estimated: WindowEstimated | None


class ClassAnswer(BaseModel):
    """How well one class is told."""

    name: str = Field(alias="class")
    support: float = Field(description="Labels of this class, or their effective number.")
    precision: FigureAnswer
    recall: FigureAnswer
    f1: FigureAnswer


class ConfusionAnswer(BaseModel):
    """True classes by row, named classes by column."""

    classes: list[str]
    counts: list[list[float]]


class ReliabilityAnswer(BaseModel):
    """Predictions with about the same score."""

    confidence: float = Field(description="Mean score.")
    share: float = Field(description="Of all predictions with a score.")
    accuracy: FigureAnswer


class CalibrationAnswer(BaseModel):
    """Whether scores say how many are right."""

    noise: float | None = Field(
        description="The error that perfect scores would stay below in 95 of 100 cases, with as many labels."
    )
    bins: list[ReliabilityAnswer]


class VersionPerformance(MeasuredAnswer):
    """One model version."""

    version: str


class SegmentPerformance(MeasuredAnswer):
    """One segment."""

    tag: str
    value: str


class PerformanceAnswer(MeasuredAnswer):
    """The performance of a model over some windows; its figures are of those windows that have a label."""

    model: str
    tag: str = Field(description="Of the segment; empty for the whole model.")
    value: str
    version: str | None = Field(description="None: of all.")
    predictions: int = Field(description="In all windows.")
    classes: list[ClassAnswer]
    confusion: ConfusionAnswer
    calibration: CalibrationAnswer
    windows: list[WindowAnswer] = Field(description="The oldest first.")
    versions: list[VersionPerformance]
    segments: list[SegmentPerformance] = Field(description="Those with the most labels, at most 12.")


class ConditionAnswer(BaseModel):
    """What the images of a slice have in common."""

    feature: str = Field(description="tag.NAME, property.NAME, predicted or cluster.")
    value: str = Field(description="Of a category; else empty.")
    low: float | None = Field(description="The number is at least this.")
    high: float | None = Field(description="The number is below this.")


class SliceAnswer(BaseModel):
    """A part of the images on which the model is wrong more often."""

    words: str
    conditions: list[ConditionAnswer]
    share: float = Field(description="Of all labelled images.")
    labels: int = Field(description="Labelled images in it.")
    wrong: int = Field(description="Wrong ones among them.")
    accuracy: FigureAnswer = Field(description="Of images that had no say in finding it.")
    rest: FigureAnswer = Field(description="Likewise, outside of it.")
    p_value: float = Field(description="That it is not worse, corrected for all that were proposed (Holm).")
    records: list[str] = Field(description="Ids of wrong ones, the newest first.")


class SlicesAnswer(BaseModel):
    """The newest search of slices of failure."""

    made: datetime | None = Field(description="None before the first.")
    asked: bool = Field(description="Whether another is asked for.")
    n: int = Field(description="Labels that it rests on.")
    proposed: int
    looked_at: int
    reason: str = Field(description="Why nothing was looked for; else empty.")
    slices: list[SliceAnswer] = Field(description="Those that cost the most right answers first.")


@router.get("/slices", dependencies=[permit("read")], responses=problems(404))
def read_slices(name: str, state: State) -> SlicesAnswer:
    """Read on which parts of the images a model is wrong more often, as one half of the labels confirms."""
    with reading(state.engine) as connection:
        found = describe_slices(connection, known_model(connection, name), pictures=12)
    plain = asdict(found)
    for one, its in zip(found.slices, plain["slices"], strict=True):
        its["records"] = [each.id for each in one.records]
    return SlicesAnswer.model_validate(plain)


@router.post("/slices", status_code=202, dependencies=[permit("edit-models")], responses=problems(404))
def find_slices(name: str, state: State) -> None:
    """Ask for a new search of slices of failure; a worker makes it. New labels ask for one by themselves."""
    with writing(state.engine) as connection:
        ask_slices(connection, known_model(connection, name).key)


@router.get("", dependencies=[permit("read")], responses=problems(404))
def read_performance(  # noqa: PLR0917 - the parameters of the query
    name: str,
    state: State,
    windows: Annotated[int, Query(ge=1, le=_MOST_WINDOWS, description="How many, the newest.")] = 28,
    until: Annotated[AwareDatetime | None, Query(description="A moment in the last of them.")] = None,
    tag: Annotated[str, Query(max_length=128, description="Of a segment by this tag.")] = "",
    value: Annotated[str, Query(max_length=256, description="Its value.")] = "",
    version: Annotated[str | None, Query(max_length=128, description="Of this model version only.")] = None,
) -> PerformanceAnswer:
    """Read how good a model is over its newest windows: figures with intervals, measured and estimated."""
    if bool(tag) != bool(value):
        raise UsageError("A segment has a tag and a value; give both, or neither for the whole model.")
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        span = span_of(connection, model, state.clock(), windows, until)
        report = describe_performance(connection, model, span, tag=tag, value=value, version=version)
    return PerformanceAnswer.model_validate(report_to_json(report))
