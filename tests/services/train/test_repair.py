"""Repair without new labels: offered on an alert, rehearsed, done, and handed on to later trainings."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import cv2
import pytest
from tests.learning.trainers import shapes
from tests.services.train.blurred_alert import blurred_alert
from tests.services.train.striped_model import NOW, StripedModel

from driftwheel.alerts.episode import Episode
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.trainers.recipe import Recipe, recipe_from
from driftwheel.predictions import Record
from driftwheel.services.train.ask_for_repair import ask_for_repair
from driftwheel.services.train.ask_for_training import TrainingWish, ask_for_training
from driftwheel.services.train.fault_to_repair import cases_near
from driftwheel.services.train.offer_repairs import RepairOffer, offer_of_alert, offer_repairs
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.writer import write_records
from driftwheel.store.train.training_runs import end_run, open_runs

SMALL = Recipe("linear-head", side=32)


def _offer(stripes: StripedModel, episode: Episode) -> RepairOffer | None:
    with reading(stripes.engine) as connection:
        return offer_of_alert(connection, find_model(connection, "stripes"), episode)


def _train_champion(stripes: StripedModel) -> None:
    run = ask_for_training(stripes.engine, "stripes", TrainingWish(SMALL), by="ann", now=NOW)
    assert stripes.do(run.key).state == "done"


def test_a_repair_is_rehearsed_offered_done_and_handed_on(stripes: StripedModel) -> None:
    _train_champion(stripes)
    alert = blurred_alert(stripes.engine, stripes.dataset.model)

    assert offer_repairs(stripes.engine, now=NOW) == 1
    assert offer_repairs(stripes.engine, now=NOW) == 0
    with reading(stripes.engine) as connection:
        (rehearsal,) = open_runs(connection)
    rehearsed = stripes.do(rehearsal.key)
    offer = _offer(stripes, alert)
    run = ask_for_repair(stripes.engine, stripes.blobs, alert.key, "retrain", by="ann", now=NOW)
    with pytest.raises(UsageError, match="under way already"):
        ask_for_repair(stripes.engine, stripes.blobs, alert.key, "retrain", by="ann", now=NOW)
    repaired = stripes.do(run.key)

    assert rehearsed.state == "done"
    assert rehearsed.version is None
    assert rehearsed.results is not None
    expected = rehearsed.results["faulty"]["gain"]
    assert expected["low"] <= expected["difference"] <= expected["high"]
    assert offer is not None
    assert (offer.fault, offer.lacking) == (FaultCase("blur", 4, ""), "")
    assert offer.rehearsal == rehearsed
    for measured, best in ((0.7, "linear-head"), (0.9, "distillation")):
        told = {"clean": {"accuracy": 0.9}, "faulty": {"accuracy": 0.8}}
        taught = {"clean": {"accuracy": 0.9}, "faulty": {"accuracy": measured}}
        results = {**told, "distilled": taught}
        assert replace(offer, rehearsal=replace(rehearsed, results=results)).best == best
    assert replace(offer, rehearsal=None).best == "distillation"
    assert repaired.state == "done"
    assert repaired.results is not None
    assert repaired.results["faulty"]["accuracy"] >= repaired.results["faulty"]["champion"]["accuracy"]
    assert repaired.results["clean"]["accuracy"] >= repaired.results["clean"]["champion"]["accuracy"] - 0.1
    name = next(one.name for one in stripes.versions() if one.key == repaired.version)
    later = ask_for_training(
        stripes.engine, "stripes", TrainingWish(SMALL, incremental=True), by="ann", now=NOW
    )
    assert later.start == repaired.version
    assert name == f"repaired-{run.key}"
    assert recipe_from(later.recipe).faults == cases_near(FaultCase("blur", 4, ""))
    assert later.wish["fault_dataset"] == stripes.dataset.key


def test_what_is_being_repaired_is_not_rehearsed(stripes: StripedModel) -> None:
    _train_champion(stripes)
    alert = blurred_alert(stripes.engine, stripes.dataset.model)
    run = ask_for_repair(stripes.engine, stripes.blobs, alert.key, "retrain", by="ann", now=NOW)
    assert offer_repairs(stripes.engine, now=NOW) == 0
    with writing(stripes.engine) as connection:
        end_run(connection, run.key, "failed", now=NOW, reason="no memory")
    assert offer_repairs(stripes.engine, now=NOW) == 1


def test_normalisations_are_adapted_to_the_records_of_the_alert(stripes: StripedModel) -> None:
    _train_champion(stripes)
    alert = blurred_alert(stripes.engine, stripes.dataset.model)
    few = ask_for_repair(stripes.engine, stripes.blobs, alert.key, "adapt", by="ann", now=NOW)
    with pytest.raises(DriftwheelError, match="0 images of these records are kept"):
        stripes.do(few.key)
    images = shapes.stripes(40, seed=3)
    rows = []
    for number in range(40):
        data = cv2.imencode(".png", images.image(number))[1].tobytes()
        image = stripes.blobs.put(data)
        time = alert.began + timedelta(minutes=number)
        told = Record(f"r{number}", "stripes", time, image=image.hex())
        rows.append(NewRecord(stripes.dataset.model, told, hashlib.sha256(data).digest(), NOW))
    with writing(stripes.engine) as connection:
        write_records(connection, rows)

    done = stripes.do(few.key)

    assert done.state == "done"
    assert done.results is not None
    assert done.results["images"] == 40
    assert done.results["notes"]["normalisations"] == 49
    assert "gain" in done.results["faulty"]


def test_what_lacks_is_said(stripes: StripedModel) -> None:
    unsure = blurred_alert(stripes.engine, stripes.dataset.model, confidence=0.3)
    assert _offer(stripes, unsure) is None
    with pytest.raises(UsageError, match="No camera fault explains this alert"):
        ask_for_repair(stripes.engine, stripes.blobs, unsure.key, "retrain", by="ann", now=NOW)
    sure = blurred_alert(stripes.engine, stripes.dataset.model, number=2)
    offer = _offer(stripes, sure)
    assert offer is not None
    assert "No version of the model has its ONNX file" in offer.lacking
    assert offer_repairs(stripes.engine, now=NOW) == 0
    with pytest.raises(UsageError, match="no alert 999"):
        ask_for_repair(stripes.engine, stripes.blobs, 999, "retrain", by="ann", now=NOW)


def test_grades_near_the_diagnosed_one_and_every_variant() -> None:
    assert [one.severity for one in cases_near(FaultCase("blur", 1, ""))] == [1, 2]
    assert len(cases_near(FaultCase("flip", None, ""))) == 2
