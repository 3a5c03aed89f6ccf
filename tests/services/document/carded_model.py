"""A model with a version that was trained, served, replaced and gone back to, for tests of its card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine
from tests.services.alerting import fire
from tests.services.train.striped_model import NOW, striped_model
from tests.store.rows import new_record

from driftwheel.cards.card_facts import CardFacts
from driftwheel.learning.trainers.recipe import Augmentation, Recipe
from driftwheel.predictions import Classification
from driftwheel.services.document.gather_card import gather_card
from driftwheel.services.ingest.record_truth import NewTruth
from driftwheel.services.models.register_model import ModelChange, add_model_version, change_model
from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.release.run_gate import run_gate
from driftwheel.services.train.ask_for_training import TrainingWish, ask_for_training
from driftwheel.services.watch.sum_performance import sum_performance
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, find_model
from driftwheel.store.records.truths import put_truths
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.performance_due import due_performance, mark_performance

__all__ = ["LATER", "CardedModel", "carded_model"]

DAY = timedelta(days=1)
LATER = NOW + 10 * DAY


@dataclass(frozen=True)
class CardedModel:
    """The model `stripes` with v1, which is the champion again, and v2, which came with its file."""

    engine: Engine
    blobs: Blobs

    @property
    def model(self) -> Model:
        with reading(self.engine) as connection:
            return find_model(connection, "stripes")

    def facts(self, version: str = "v1") -> CardFacts:
        with reading(self.engine) as connection:
            return gather_card(connection, self.blobs, find_model(connection, "stripes"), version, now=LATER)


def carded_model(engine: Engine, folder: Path) -> CardedModel:
    """Make it: v1 answers for three days, of which labels of two are told; camera 1 is often wrong."""
    stripes = striped_model(engine, Blobs.open(str(folder / "blobs")), folder / "given", n=90)
    change_model(engine, "stripes", ModelChange(segment_tags=("camera",)), by="me", now=NOW)
    plain = Augmentation(flip=False)
    quick = Recipe("small-network", side=32, epochs=3, width=4, levels=2, augmentation=plain)
    wish = TrainingWish(quick, version="v1")
    stripes.do(ask_for_training(engine, "stripes", wish, by="ann", now=NOW).key)
    its = CardedModel(engine, stripes.blobs)
    for day in range(3):
        _log(its, day, told=day < 2)
    fire(
        engine,
        its.model.key,
        now=NOW + 2 * DAY,
        began=NOW + DAY,
        last_breach=NOW + 2 * DAY,
        ended=NOW + 3 * DAY,
        state="resolved",
        acknowledged=NOW + 2 * DAY,
        acknowledged_by="ann",
        acknowledged_note="the lamp was off",
    )
    fire(engine, its.model.key, now=NOW + 4 * DAY, began=NOW + 3 * DAY, acknowledged_note="and again")
    file = its.blobs.get(stripes.versions()[0].artifact or b"")
    add_model_version(engine, its.blobs, "stripes", "v2", onnx=file, by="ann", now=NOW + 4 * DAY)
    asked = ask_gate(engine, "stripes", "v2", chosen=GateSlice(), by="ann", now=NOW + 4 * DAY)
    run_gate(engine, its.blobs, asked.key, now=lambda: NOW + 4 * DAY, threads=1)
    promote(
        engine, "stripes", "v2", by="ann", now=NOW + 5 * DAY, reason="The lamp is another.", without_gate=True
    )
    roll_back(engine, "stripes", by="bob", now=NOW + 6 * DAY, reason="It was not the lamp.")
    return its


def _log(its: CardedModel, day: int, *, told: bool, n: int = 60) -> None:
    key, rows, truths = its.model.key, [], []
    for number in range(n):
        wrong = number % 2 == 1 and number % 5 == 0  # of camera 1 every fifth
        said = "down" if (number % 4 < 2) != wrong else "across"
        other = "across" if said == "down" else "down"
        row = new_record(
            key,
            f"{day}-{number}",
            time=NOW + day * DAY,
            tags={"camera": str(number % 2)},
            prediction=Classification(said, {said: 0.95, other: 0.05}),
        )
        rows.append(replace(row, record=replace(row.record, model="stripes", model_version="v1")))
        truths.append(NewTruth(f"{day}-{number}", Classification("down" if number % 4 < 2 else "across")))
    with writing(its.engine) as connection:
        write_records(connection, rows)
    summarise_windows(its.engine, now=NOW + (day + 1) * DAY)
    with writing(its.engine) as connection:
        if told:
            put_truths(connection, key, truths, received=NOW, by="me")
        mark_performance(connection, key, its.model.window, [NOW + day * DAY])
    with reading(its.engine) as connection:
        due = due_performance(connection, limit=100)
    for one in due:
        sum_performance(its.engine, one, now=LATER)
