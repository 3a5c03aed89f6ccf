"""Trainings as JSON: what is asked for, what is known of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from driftwheel.learning.trainers.recipe import Layers, Recipe, TrainerName, recipe_from
from driftwheel.services.train.ask_for_repair import RepairKind
from driftwheel.services.train.ask_for_training import TrainingWish
from driftwheel.services.train.describe_training import RunDescription
from driftwheel.services.train.offer_repairs import RepairOffer
from driftwheel.services.train.repair_recipe import RepairTrainer
from driftwheel.store.train.training_lines import TrainingLine
from driftwheel.store.train.training_runs import RunKind, RunState

__all__ = [
    "AugmentationBody",
    "CommandAnswer",
    "CommandBody",
    "EpochAnswer",
    "FaultBody",
    "LineAnswer",
    "LogAnswer",
    "RecipeBody",
    "RepairBody",
    "RepairOfferAnswer",
    "TrainingAnswer",
    "TrainingBody",
    "TrainingsAnswer",
    "WholeTrainingAnswer",
    "line_answer",
    "offer_answer",
    "training_answer",
    "whole_answer",
    "wish_of",
]

_FORBID = ConfigDict(extra="forbid")
_Name = Annotated[str, Field(max_length=128, pattern=r"^[^\x00]*$")]


class AugmentationBody(BaseModel):
    """How images are changed anew each time they are learnt from."""

    model_config = _FORBID

    flip: bool = Field(True, description="Half of them are mirrored left to right.")
    zoom: float = Field(0.2, ge=0, le=0.6, description="Cut to a part of at least 1 − this of each side.")
    turn: float = Field(0.0, ge=0, le=45, description="Turned by up to so many degrees either way.")
    light: float = Field(0.2, ge=0, le=0.8, description="Brightness and contrast change by up to 1 ± this.")
    colour: float = Field(0.05, ge=0, le=0.5, description="Each channel changes by up to 1 ± this.")


class FaultBody(BaseModel):
    """A camera fault that images are given."""

    model_config = _FORBID

    fault: _Name = Field(description="Its name, such as `blur`.", examples=["blur"])
    severity: Annotated[int, Field(ge=1, le=5)] | None = Field(
        None, description="1 (just visible) to 5 (gross); null for a fault without grades."
    )
    variant: _Name = Field("", description="Empty: the camera draws one.")


class RecipeBody(BaseModel):
    """Every choice that a training depends on."""

    model_config = _FORBID

    trainer: TrainerName = "linear-head"
    seed: int = Field(0, ge=0, lt=2**32)
    side: Annotated[int, Field(ge=32, le=512, multiple_of=32)] | None = Field(
        None, description="Of the images that the network reads, in pixels; null: what suits the trainer."
    )
    epochs: int = Field(20, ge=1, le=1000, description="Times every image is seen, at most.")
    patience: int = Field(5, ge=1, le=1000, description="Epochs without a lower loss until it stops.")
    batch: int = Field(32, ge=1, le=512, description="Images a step.")
    learning_rate: Annotated[float, Field(ge=1e-6, le=1)] | None = Field(
        None, description="The highest; null: what suits the trainer and the layers."
    )
    weight_decay: float = Field(0.01, ge=0, le=1)
    dropout: float = Field(0.1, ge=0, le=0.9, description="Share of the features hidden from the head.")
    layers: Layers = Field("auto", description="That fine-tuning trains; `auto`: a short trial chooses.")
    width: int = Field(24, ge=1, le=128, description="Of a small network: channels after the first level.")
    levels: int = Field(4, ge=1, le=6, description="Of a small network: each halves the side.")
    balance: bool = Field(True, description="Each class counts the same in learning.")
    replay: float = Field(
        0.8, ge=0, le=0.95, description="Share of what is learnt that the version before learnt from."
    )
    augmentation: AugmentationBody = Field(default_factory=lambda: AugmentationBody.model_validate({}))
    faults: Annotated[list[FaultBody], Field(max_length=100)] = Field(
        default=[], description="Camera faults that a share of the images is given, one each."
    )
    fault_share: float = Field(0.5, ge=0, le=1, description="Of the images.")
    command: _Name = Field("", description="Name of the command, of the trainer `command`.")

    def recipe(self) -> Recipe:
        """Return the recipe; raise `UsageError` for what cannot be used."""
        return recipe_from(self.model_dump())


class TrainingBody(BaseModel):
    """What is to be trained."""

    model_config = _FORBID

    recipe: RecipeBody = Field(default_factory=lambda: RecipeBody.model_validate({}))
    dataset: Annotated[int, Field(ge=1, lt=2**31)] | None = Field(
        None, description="Number of the dataset version; null: the newest."
    )
    incremental: bool = Field(
        False, description="Go on from a version, with replay of what it learnt from; else begin anew."
    )
    start: _Name | None = Field(
        None, description="Name of that version; null: the champion, or the newest version that repairs it."
    )
    version: _Name = Field("", description="Name of the version it becomes; empty: made of its number.")
    search_minutes: float = Field(
        0.0, ge=0, le=7 * 24 * 60, description="Above 0: search for the recipe for so long."
    )
    trainers: Annotated[list[TrainerName], Field(min_length=1, max_length=3)] = Field(
        default=["linear-head", "fine-tuning", "small-network"], description="That a search tries."
    )


class EpochAnswer(BaseModel):
    """What was known after all images were learnt from once more."""

    number: int
    loss: float | None = Field(description="In learning, in nats.")
    validation_loss: float
    validation_accuracy: float
    seconds: float = Field(description="Since the training began.")


class TrainingAnswer(BaseModel):
    """A training run."""

    key: int
    kind: RunKind
    state: RunState
    reason: str | None = Field(description="Why it failed, or who stopped it.")
    recipe: dict[str, Any] = Field(description="Of a search that is done the best one.")
    dataset: int | None = Field(description="Number of its dataset version.")
    start: str | None = Field(description="The version it goes on from; null: it begins anew.")
    version: str | None = Field(description="The version it became.")
    search: int | None = Field(description="Of a trial: the key of its search.")
    alert: int | None = Field(description="Of a repair: the key of its alert.")
    results: dict[str, Any] | None = Field(description="What was measured on held-out images.")
    seconds: float = Field(description="That it has been worked on.")
    created: datetime
    begun: datetime | None
    finished: datetime | None
    by: str


class WholeTrainingAnswer(TrainingAnswer):
    """A training run with its epochs and, of a search, its trials."""

    epochs: list[EpochAnswer]
    trials: list[TrainingAnswer]


class TrainingsAnswer(BaseModel):
    """One page of runs."""

    trainings: list[TrainingAnswer] = Field(description="The newest first.")
    next: int | None = Field(description="`before` of the next page; null: this is the last.")


class LineAnswer(BaseModel):
    """A line of a run's log."""

    number: int
    time: datetime
    text: str


class LogAnswer(BaseModel):
    """A part of a run's log."""

    lines: list[LineAnswer] = Field(description="The oldest first.")
    next: int = Field(description="`after` of the next part.")
    open: bool = Field(description="Whether more may come.")


class CommandBody(BaseModel):
    """A command that trains; see the how-to for what it is given and what it leaves."""

    model_config = _FORBID

    command: str = Field(
        min_length=1,
        max_length=2000,
        pattern=r"^[^\x00]*$",
        description="A program and its arguments, quoted as in a shell; none ever sees it.",
        examples=["python3 /srv/train.py --epochs 30"],
    )


class CommandAnswer(BaseModel):
    """A command that trains."""

    name: str
    command: str


class RepairBody(BaseModel):
    """How a model is repaired without new labels."""

    model_config = _FORBID

    kind: RepairKind = Field(
        "retrain",
        description="`retrain` on old labelled images given the fault, or `adapt` the normalisations to "
        "recent images.",
    )
    trainer: RepairTrainer | None = Field(
        None,
        description="By which it is retrained; null: the one that the rehearsal has measured as better.",
    )


class RepairOfferAnswer(BaseModel):
    """What can be done about an alert without new labels."""

    fault: str
    severity: int | None
    confidence: float = Field(description="Of the diagnosis, 0…1.")
    champion: str | None
    dataset: int | None
    lacking: str = Field(description="Why no repair can be asked for; empty where it can.")
    best: RepairTrainer = Field(description="By which it is retrained unless another is asked for.")
    rehearsal: TrainingAnswer | None = Field(
        description="What is expected of it, measured on held-out images given the fault."
    )
    repairs: list[TrainingAnswer] = Field(description="That were asked for, the newest first.")


def wish_of(body: TrainingBody) -> TrainingWish:
    """Return what a body asks for."""
    return TrainingWish(
        body.recipe.recipe(),
        dataset=body.dataset,
        incremental=body.incremental,
        start=body.start,
        version=body.version,
        search_minutes=body.search_minutes,
        trainers=tuple(dict.fromkeys(body.trainers)),
    )


def training_answer(one: RunDescription) -> TrainingAnswer:
    """Return a run as the API tells it."""
    run = one.run
    return TrainingAnswer(
        key=run.key,
        kind=run.kind,
        state=run.state,
        reason=run.reason,
        recipe=one.recipe.plain(),
        dataset=one.dataset,
        start=one.start,
        version=one.version,
        search=run.parent,
        alert=run.wish.get("alert"),
        results=None if run.results is None else dict(run.results),
        seconds=run.seconds,
        created=run.created,
        begun=run.begun,
        finished=run.finished,
        by=run.by,
    )


def whole_answer(one: RunDescription, trials: list[RunDescription]) -> WholeTrainingAnswer:
    """Return a run with its epochs and trials."""
    epochs = [EpochAnswer(**epoch) for epoch in one.epochs]
    told = [training_answer(trial) for trial in trials]
    return WholeTrainingAnswer(**training_answer(one).model_dump(), epochs=epochs, trials=told)


def line_answer(line: TrainingLine) -> LineAnswer:
    """Return a line of a log."""
    return LineAnswer(number=line.number, time=line.time, text=line.text or "")


def offer_answer(offer: RepairOffer, runs: dict[int, RunDescription]) -> RepairOfferAnswer:
    """Return what can be done about an alert; `runs` are those of the offer, described, by key."""
    rehearsal = None if offer.rehearsal is None else training_answer(runs[offer.rehearsal.key])
    return RepairOfferAnswer(
        fault=offer.fault.fault,
        severity=offer.fault.severity,
        confidence=offer.confidence,
        champion=None if offer.champion is None else offer.champion.name,
        dataset=None if offer.dataset is None else offer.dataset.number,
        lacking=offer.lacking,
        best=offer.best,
        rehearsal=rehearsal,
        repairs=[training_answer(runs[one.key]) for one in offer.repairs],
    )
