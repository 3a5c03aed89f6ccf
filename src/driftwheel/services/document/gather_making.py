"""How a version came about: the images it learnt from, the training, and what the gate said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection

from driftwheel.cards.confusion_facts import confusion_facts
from driftwheel.cards.data_facts import ClassImages, DataFacts, DatasetStep
from driftwheel.cards.training_facts import EpochFacts, GateFacts, HeldOutFacts, TrainingFacts
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.recipe_words import fault_words
from driftwheel.performance.confusion import count_pairs
from driftwheel.performance.figure import Figure
from driftwheel.performance.gate_rule import GateRule
from driftwheel.performance.wilson import wilson_interval
from driftwheel.services.datasets.made_of import made_of
from driftwheel.services.datasets.new_version import WHY_LEFT_OUT, WhyLeftOut
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.services.release.gate_slice import GateSlice, slice_words
from driftwheel.services.train.describe_training import RunDescription, describe_runs, describe_trials
from driftwheel.services.train.training_results import CONFIDENCE
from driftwheel.store.datasets.dataset_versions import (
    DatasetVersion,
    list_dataset_versions,
    version_by_key,
)
from driftwheel.store.models.models import Model, ModelVersion
from driftwheel.store.release.gate_runs import list_gate_runs
from driftwheel.store.train.training_runs import runs_of_version

__all__ = ["gather_data", "gather_gates", "gather_training"]

_RUNS = 500
_ANCESTORS = 50


def gather_data(connection: Connection, model: Model, version: ModelVersion) -> DataFacts | None:
    """Return the dataset version that a version learnt from; None where none is known."""
    runs = runs_of_version(connection, [version.key])
    found = next((one.dataset for one in runs if one.dataset is not None), None)
    data = None if found is None else version_by_key(connection, found)
    if data is None and version.dataset is not None:
        data = _with_digest(connection, model, version.dataset)
    if data is None:
        return None
    counted = data.contents
    return DataFacts(
        data.number,
        data.kind,
        data.digest.hex(),
        data.images,
        train=counted.splits["train"],
        validation=counted.splits["validation"],
        test=counted.splits["test"],
        classes=tuple(ClassImages(name, **counted.of_class(name)) for name in data.classes),
        sources=tuple(counted.sources.most_common()),
        annotators=len(counted.people),
        holdout=counted.holdout,
        groups=counted.groups,
        nothing=counted.nothing,
        boxes=counted.boxes,
        first=counted.first,
        last=counted.last,
        alerts=counted.alerts.total(),
        left_out=tuple(
            (WHY_LEFT_OUT.get(cast("WhyLeftOut", why), why), n)
            for why, (n, _) in sorted(data.left_out.items(), key=lambda one: (-one[1][0], one[0]))
        ),
        removed=data.removed,
        lineage=tuple(_lineage(connection, data)),
    )


def gather_training(connection: Connection, version: ModelVersion) -> TrainingFacts | None:
    """Return the run that made a version; None where it was made elsewhere."""
    runs = runs_of_version(connection, [version.key])
    if not runs:
        return None
    (one,) = describe_runs(connection, [runs[-1]])
    run, results = one.run, one.run.results or {}
    trials = describe_trials(connection, run.key) if run.kind == "search" else []
    best = min((each for each in trials if each.loss is not None), key=_loss, default=one)
    return TrainingFacts(
        run.key,
        run.kind,
        one.recipe.plain(),
        one.dataset,
        one.start,
        run.by,
        run.begun,
        run.finished,
        run.seconds,
        run.attempts,
        len(trials),
        results.get("images"),
        tuple(_epoch(each) for each in (one.epochs or best.epochs)),
        tuple(
            _held_out(results[name], _fault(one, name)) for name in ("clean", "faulty") if results.get(name)
        ),
    )


def gather_gates(
    connection: Connection, model: Model, version: ModelVersion, names: Mapping[int, str]
) -> tuple[GateFacts, ...]:
    """Return the gate runs that are done with a version as the challenger, the newest first."""
    found = []
    for run in list_gate_runs(connection, model.key, limit=_RUNS):
        if run.challenger != version.key or run.state != "done" or run.decision is None:
            continue
        numbers = GateNumbers.from_json(run.numbers or {})
        found.append(
            GateFacts(
                run.key,
                names.get(run.champion, f"version {run.champion}"),
                slice_words(GateSlice.from_json(run.slice)),
                run.finished,
                run.look or 1,
                run.decision,
                run.answer,
                run.answered_by,
                run.note or "",
                GateRule.from_json(run.rule).confidence,
                numbers.checks,
                numbers.notes,
            )
        )
    return tuple(found)


def _with_digest(connection: Connection, model: Model, digest: bytes) -> DatasetVersion | None:
    known = list_dataset_versions(connection, model.key, limit=10_000)
    return next((one for one in known if one.digest == digest), None)


def _lineage(connection: Connection, data: DatasetVersion) -> list[DatasetStep]:
    """Return a dataset version and those it was made of, the newest first."""
    steps: list[DatasetStep] = []
    at: DatasetVersion | None = data
    while at is not None and len(steps) < _ANCESTORS:
        steps.append(DatasetStep(at.number, at.images, at.created, at.by, made_of(at), at.note))
        at = None if at.parent is None else version_by_key(connection, at.parent)
    return steps


def _loss(one: RunDescription) -> tuple[float, int]:
    return one.loss or 0.0, one.run.key


def _epoch(plain: Mapping[str, Any]) -> EpochFacts:
    loss = plain["loss"]
    return EpochFacts(
        int(plain["number"]),
        None if loss is None else float(loss),
        float(plain["validation_loss"]),
        float(plain["validation_accuracy"]),
    )


def _fault(one: RunDescription, name: str) -> str:
    """Return the fault that held-out images were given, in words; empty for images as they are."""
    if name == "clean":
        return ""
    wished = one.run.wish.get("fault") or {}
    recipe: Recipe = one.recipe
    case = next((each for each in recipe.faults if each.severity == wished.get("severity")), None)
    return (
        fault_words(case) if case else str(wished.get("fault", "the fault of the recipe")).replace("_", " ")
    )


def _held_out(plain: Mapping[str, Any], fault: str) -> HeldOutFacts:
    n = int(plain["n"])
    champion, gain, confusion = (plain.get(name) for name in ("champion", "gain", "confusion"))
    return HeldOutFacts(
        fault,
        str(plain["split"]),
        _accuracy(plain, n),
        float(plain["loss"]),
        tuple((name, _recall(each)) for name, each in plain["recalls"].items()),
        None if confusion is None else confusion_facts(count_pairs([tuple(one) for one in confusion])),
        None if champion is None else _accuracy(champion, n),
        None
        if gain is None
        else Figure(float(gain["difference"]), float(gain["low"]), float(gain["high"]), n),
    )


def _accuracy(plain: Mapping[str, Any], n: int) -> Figure:
    return Figure(float(plain["accuracy"]), float(plain["low"]), float(plain["high"]), n)


def _recall(plain: Mapping[str, Any]) -> Figure:
    n, share = int(plain["n"]), float(plain["recall"])
    low, high = (float(end) for end in wilson_interval(round(share * n), n, level=CONFIDENCE))
    return Figure(share, low, high, n)
