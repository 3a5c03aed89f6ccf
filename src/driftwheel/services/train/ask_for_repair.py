"""Repair without new labels: retrain on old images given the fault, or adapt normalisations as a stopgap."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.learning.adapt_normalisations import has_normalisations
from driftwheel.learning.networks.classifier_file import read_classifier
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.services.alert.alert_named import alert_named
from driftwheel.services.train.ask_for_training import check_extras
from driftwheel.services.train.fault_to_repair import fault_to_plain
from driftwheel.services.train.offer_repairs import offer_of_alert
from driftwheel.services.train.repair_recipe import RepairTrainer, repair_recipe
from driftwheel.store.alerts.episodes import episode_by_key
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import model_by_key, version_by_key
from driftwheel.store.operate.audit import note
from driftwheel.store.train.training_runs import TrainingRun, create_run

__all__ = ["RepairKind", "ask_for_repair"]

RepairKind = Literal["retrain", "adapt"]


def ask_for_repair(
    engine: Engine,
    blobs: Blobs,
    alert: int,
    kind: RepairKind,
    *,
    trainer: RepairTrainer | None = None,
    by: str,
    now: datetime,
) -> TrainingRun:
    """Note that the model of an alert is to be repaired, and return the run; noted in the audit.

    ``retrain`` gives the labelled images of the newest dataset version the fault that the diagnosis names,
    and goes on from the champion; where its weights cannot be learnt further, it begins from a pretrained
    network. ``adapt`` puts the statistics of recent images into the champion's normalisations.

    Parameters
    ----------
    trainer
        By which it is retrained; None: the one that the rehearsal has measured as better.

    Raises
    ------
    UsageError
        When no fault explains the alert, or something is lacking; the message says what.
    MissingExtraError
        When what it needs is not installed here.
    """
    with reading(engine) as connection:
        episode = episode_by_key(connection, alert)
        model = None if episode is None else model_by_key(connection, episode.model)
        if episode is None or model is None:
            raise UsageError(f"There is no alert {alert}; its model may have been deleted.")
        offer = offer_of_alert(connection, model, episode)
    if offer is None:
        raise UsageError(
            "No camera fault explains this alert, so none can be simulated. Label its images, and retrain "
            "on those."
        )
    if offer.champion is None or offer.champion.artifact is None:
        raise UsageError(offer.lacking)
    if any(one.is_open for one in offer.repairs):
        raise UsageError("A repair of this is under way already; wait until it is done.")
    file = blobs.get(offer.champion.artifact)
    wanted = trainer or offer.best
    recipe, start = Recipe("linear-head"), offer.champion.key
    if kind == "adapt":
        check_extras("linear-head")
        if not has_normalisations(file):
            raise UsageError(
                f"Version '{offer.champion.name}' has no batch normalisations as nodes of their own, so "
                "there is nothing to adapt. Retrain it instead."
            )
        if not offer.may_adapt:
            raise UsageError(
                "Adapting the normalisations was rehearsed on old images given the fault, and does not help "
                "this model. Retrain it instead."
            )
    else:
        if offer.dataset is None:
            raise UsageError(offer.lacking)
        check_extras(wanted)
        recipe = repair_recipe(wanted, offer.fault, offer.dataset.images)
    own = read_classifier(file) is not None
    with writing(engine) as connection:
        model, episode = alert_named(connection, alert)
        if version_by_key(connection, start) is None:
            raise UsageError("The champion was removed meanwhile; try again.")
        wish: dict[str, Any] = {"fault": fault_to_plain(offer.fault), "alert": alert, "repairs": start}
        if kind == "retrain" and offer.dataset is not None:
            wish["fault_dataset"] = offer.dataset.key
        elif kind == "adapt":
            wish |= {"since": episode.began.isoformat(), "tag": episode.tag, "value": episode.value}
        run = create_run(
            connection,
            model.key,
            kind="adapt" if kind == "adapt" else "repair",
            dataset=None if offer.dataset is None else offer.dataset.key,
            start=start if own or kind == "adapt" else None,
            recipe=recipe.plain(),
            wish=wish,
            created=now,
            by=by,
        )
        note(connection, now, by, "repair model", model.name, {"run": run.key, "alert": alert, "kind": kind})
    return run
