"""Models asked by the server: a folder sorted by class and an ONNX file judge bare images by their scores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, update
from tests.services.halves import CLASSES, halves, network

from driftwheel.datasets.splits import SplitShares
from driftwheel.drift.diagnosis.fault_library import FaultAnswers
from driftwheel.learning.centre_crop import centre_crop
from driftwheel.learning.embedder import Prepare
from driftwheel.monitors.observation import Observation
from driftwheel.predictions import Classification, Record
from driftwheel.services.alert.judged import Judged
from driftwheel.services.datasets.create_version import create_version
from driftwheel.services.datasets.new_version import NewVersion, SplitRule
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measured_reference import MeasuredReference, pack_reference, unpack_reference
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.ask_version import begin_asking, put_asking_back, wanted_versions
from driftwheel.services.models.kept_faults import pack_faults, unpack_faults
from driftwheel.services.models.register_model import add_model_version
from driftwheel.services.models.set_reference import (
    Folder,
    Range,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.models.simulate_reference_faults import keep_faults, simulate_reference_faults
from driftwheel.services.release.promote import promote
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.models.references import current_reference
from driftwheel.store.operate.settings import delete_setting
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.tables import models
from driftwheel.store.windows.windows import StoredWindow, find_window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class Server:
    """An installation with one model, and what its workers would do."""

    engine: Engine
    blobs: Blobs
    model: Model
    known: KnownReferences

    def add_version(self, name: str, content: bytes, dataset: bytes | None = None) -> None:
        add_model_version(
            self.engine, self.blobs, "m", name, onnx=content, by="me", now=MONDAY, dataset=dataset
        )

    def freeze(self, folder: Folder, shares: SplitShares) -> DatasetVersion:
        wish = NewVersion("m", folder=Path(folder.images), splits=SplitRule(shares))
        return create_version(self.engine, self.blobs, wish, by="me", now=MONDAY, wait=lambda _: None).version

    def measure_reference(self, source: Folder | Range) -> MeasuredReference:
        key = set_reference(self.engine, "m", source, by="me", now=MONDAY).key
        artifact = measure_reference_row(self.engine, self.blobs, key, now=MONDAY, threads=1)
        assert artifact is not None
        assert finish_reference(self.engine, self.blobs, key, artifact)
        return unpack_reference(self.blobs.get(artifact))

    def log(
        self, day: int, made: list[tuple[NDArray[np.uint8], str]], version: str = "v1", scored: bool = False
    ) -> None:
        start, rows = MONDAY + timedelta(days=day), []
        for i, (pixels, label) in enumerate(made):
            digest = self.blobs.put(bytes(cv2.imencode(".png", pixels)[1].tobytes())).hex()
            said = Classification(label, {label: 0.9}) if scored else None
            record = Record(
                f"{day}-{i}",
                "m",
                start + timedelta(seconds=i),
                model_version=version,
                image=digest,
                prediction=said,
            )
            rows.append(NewRecord(self.model.key, record, hashlib.sha256(record.id.encode()).digest(), start))
        with writing(self.engine) as connection:
            write_records(connection, rows)
        while measure_received(self.engine, self.blobs, Measurers(self.blobs), now=start, threads=1).taken:
            pass
        summarise_windows(self.engine, now=start)

    def judge(self, day: int) -> Judged:
        with reading(self.engine) as connection:
            window = find_window(connection, self.model.key, MONDAY + timedelta(days=day))
        assert isinstance(window, StoredWindow)
        return judge_window(self.engine, self.known, self.model, window)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    engine = open_database(f"sqlite:///{tmp_path}/driftwheel.sqlite")
    migrate(engine)
    with writing(engine) as connection:
        model = create_model(connection, "m", task="classification", created=MONDAY, embedder="none")
    blobs = Blobs.open(str(tmp_path / "blobs"))
    yield Server(engine, blobs, model, KnownReferences(blobs))
    engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for i, (pixels, label) in enumerate(halves(240, 1)):
        (tmp_path / "images" / label).mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(tmp_path / "images" / label / f"{i}.png"), pixels)
    return Folder(str(tmp_path / "images"))


def accuracy(judged: Judged) -> Observation:
    found = judged.observations["estimated_accuracy"]
    assert isinstance(found, Observation)
    return found


def test_a_folder_and_a_file_judge_bare_images_by_scores_and_accuracy(server: Server, folder: Folder) -> None:
    server.add_version("v1", network())
    measured = server.measure_reference(folder)
    assert [one.version for one in measured.asked] == ["v1"]
    assert measured.asked[0].scores.shape == (240, 2)
    assert {
        name.split("/")[0] == truth
        for name, truth in zip(measured.sample.images, measured.truths, strict=True)
    } == {True}
    assert pack_reference(unpack_reference(pack_reference(measured))) == pack_reference(measured)
    right = np.mean(
        [
            CLASSES[row.argmax()] == truth
            for row, truth in zip(measured.asked[0].scores, measured.truths, strict=True)
        ]
    )
    server.log(0, halves(300, 2))
    judged = server.judge(0)
    assert judged.answer == "no_drift"
    assert judged.document is not None
    assert judged.document["scores"]["n_current"] == 300
    found = accuracy(judged)
    assert found.usual == pytest.approx(right)
    assert found.value == pytest.approx(right, abs=0.06), found.note
    server.log(1, halves(200, 3, left=0.95))
    mixed = server.judge(1)
    assert mixed.answer == "drift"
    assert mixed.document is not None
    assert mixed.document["scores"]["drifted"]
    assert mixed.document["scores"]["classes"][0]["name"] in CLASSES


def test_images_of_a_version_without_a_file_are_judged_without_scores(server: Server, folder: Folder) -> None:
    server.add_version("v1", network())
    server.measure_reference(folder)
    server.log(0, halves(60, 2), version="another")
    judged = server.judge(0)
    assert judged.document is not None
    assert judged.document["scores"] is None
    assert accuracy(judged).note == (
        "No record of the window has a score. Records that name a version with an ONNX file ('v1') and keep "
        "their image get one."
    )


def test_a_file_that_does_not_run_hinders_nothing_and_is_said(server: Server, folder: Folder) -> None:
    server.add_version("v0", network())
    server.add_version("v1", network(columns=1))
    measured = server.measure_reference(folder)
    assert [one.version for one in measured.asked] == ["v0"]
    with reading(server.engine) as connection:
        reference = current_reference(connection, server.model.key)
    assert reference is not None
    assert "Version 'v1' was not asked about the reference" in (reference.reason or "")
    assert "export both columns" in (reference.reason or "")
    server.log(0, halves(60, 2))
    assert server.judge(0).answer == "no_drift"


def test_records_without_scores_are_asked_and_logged_scores_stand(server: Server) -> None:
    server.log(0, halves(120, 1))
    server.add_version("v1", network(names=False))
    day = Range(MONDAY, MONDAY + timedelta(days=1))
    measured = server.measure_reference(day)
    assert [one.classes for one in measured.asked] == [("0", "1")]
    assert not measured.truths
    server.log(1, halves(60, 2))
    judged = server.judge(1)
    assert judged.document is not None
    assert judged.document["scores"]["n_current"] == 60
    assert accuracy(judged).note == "No record of the reference has a score and a truth."
    server.log(2, halves(120, 3), scored=True)
    later = Range(MONDAY + timedelta(days=2), MONDAY + timedelta(days=3))
    assert not server.measure_reference(later).asked


def test_what_a_version_has_learnt_from_is_left_out_of_what_it_says(
    server: Server, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwheel.services.check.simulate_faults.MOST_IMAGES", 20)
    dataset = server.freeze(folder, SplitShares(0.5, 0.0, 0.5))
    trained = dataset.contents.splits["train"]
    assert 100 <= trained <= 140
    server.add_version("v1", network(gain=20.0), dataset.digest)
    server.add_version("v0", network())
    measured = server.measure_reference(folder)
    asked = {one.version: np.isnan(one.scores).any(axis=1) for one in measured.asked}
    assert asked["v0"].sum() == 0  # what it learnt from is not known
    assert asked["v1"].sum() == trained
    (note,) = measured.notes
    assert note.startswith(f"Version 'v1' has learnt from {trained} of 240 images of the reference")
    assert note.endswith(f"its scores are compared with those of the other {240 - trained}.")
    with reading(server.engine) as connection:
        reference = current_reference(connection, server.model.key)
    assert reference is not None
    library = simulate_reference_faults(server.engine, server.blobs, reference.key, threads=1)
    shown = unpack_faults(server.blobs.get(library or b"")).images
    learnt = {measured.sample.images[i] for i in np.flatnonzero(asked["v1"])}
    assert shown
    assert not learnt & set(shown)


def test_all_stay_where_too_few_others_would_be_left(server: Server, folder: Folder) -> None:
    dataset = server.freeze(folder, SplitShares(0.8, 0.0, 0.2))
    server.add_version("v1", network(), dataset.digest)
    measured = server.measure_reference(folder)
    assert not np.isnan(measured.asked[0].scores).any()
    assert "Add at least 100 images to the reference that it has not learnt from." in measured.notes[0]


def test_a_new_version_is_asked_about_the_images_that_were_measured(
    server: Server, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add_version("v1", network())
    with reading(server.engine) as connection:
        assert not wanted_versions(connection)  # nothing to ask it about yet
    before = server.measure_reference(folder)
    server.add_version("v2", network(gain=20.0))
    with reading(server.engine) as connection:
        wanted = wanted_versions(connection)
        reference = current_reference(connection, server.model.key)
    assert reference is not None
    assert [one.reference for one in wanted] == [reference.key]

    def measure_no_more(*_: object, **__: object) -> None:
        raise AssertionError("the images are measured already")

    monkeypatch.setattr("driftwheel.services.models.set_reference.measure_images", measure_no_more)
    again = partial(measure_reference_row, server.engine, server.blobs, reference.key, now=MONDAY, threads=1)
    after = unpack_reference(server.blobs.get(again(kept=True) or b""))
    assert [one.version for one in after.asked] == ["v1", "v2"]  # the champion first
    assert pack_reference(replace(after, asked=before.asked)) == pack_reference(before)
    with writing(server.engine) as connection:
        connection.execute(update(models).values(segment_tags=["camera"], embedder="gist"))
    with pytest.raises(AssertionError, match="measured already"):  # in other ways than now
        again(kept=True)


def test_a_wish_that_ends_the_workers_is_given_up(server: Server, folder: Folder) -> None:
    server.measure_reference(folder)
    server.add_version("v1", network())
    with writing(server.engine) as connection:
        (wish,) = wanted_versions(connection)
        begun = [begin_asking(connection, wish.name)]
        put_asking_back(connection, wish.name)  # the blobs were out of reach
        begun += [begin_asking(connection, wish.name) for _ in range(5)]
        assert begun == [True, True, True, True, False, False]
        assert not wanted_versions(connection)
        reference = current_reference(connection, server.model.key)
    assert reference is not None
    assert "Version 'v1' was not asked about the reference: the worker was ended 3 times" in (
        reference.reason or ""
    )


def test_faults_are_shown_to_the_champion(
    server: Server, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwheel.services.check.simulate_faults.MOST_IMAGES", 20)
    server.add_version("v1", network())
    server.measure_reference(folder)
    with reading(server.engine) as connection:
        reference = current_reference(connection, server.model.key)
    assert reference is not None
    digest = simulate_reference_faults(server.engine, server.blobs, reference.key, threads=1)
    assert digest is not None
    keep_faults(server.engine, reference.key, digest)
    library = unpack_faults(server.blobs.get(digest))
    answers = library.answers
    assert isinstance(answers, FaultAnswers)
    assert len(answers.predicted) == len(library.case)
    assert pack_faults(library) == server.blobs.get(digest)
    server.add_version("v2", network(gain=20.0))
    again = partial(simulate_reference_faults, server.engine, server.blobs, reference.key, threads=1)
    take_anew = partial(measure_reference_row, server.engine, server.blobs, reference.key, now=MONDAY)
    assert finish_reference(server.engine, server.blobs, reference.key, take_anew(kept=True) or b"")
    with monkeypatch.context() as patch:
        patch.delattr("driftwheel.services.models.simulate_reference_faults.simulate_faults")
        assert again() == digest  # those of the champion, still
    server.log(0, halves(300, 2))
    found = accuracy(server.judge(0))
    assert "kinds of camera faults simulated on it" in found.note
    assert found.value is not None
    with writing(server.engine) as connection:
        (asked,) = [one.name for one in wanted_versions(connection)]
        delete_setting(connection, asked)
    promote(server.engine, "m", "v2", by="me", now=MONDAY, reason="tried", without_gate=True)
    with reading(server.engine) as connection:
        assert [one.name for one in wanted_versions(connection)] == [asked]
    assert finish_reference(server.engine, server.blobs, reference.key, take_anew(kept=True) or b"")
    assert again() != digest


@dataclass(frozen=True)
class Broken:
    """A classifier whose file opens, and fails when it is run."""

    error: Exception
    identity: str = "broken-1"
    classes: tuple[str, ...] = CLASSES
    shorter_side: int = 8

    @property
    def prepare(self) -> Prepare:
        return partial(centre_crop, height=8, width=8)

    def scores(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise self.error


def test_a_file_that_fails_in_the_middle_hinders_nothing(
    server: Server, folder: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.add_version("v1", network())
    broken = Broken(RuntimeError("Non-zero status code"))
    monkeypatch.setattr("driftwheel.services.models.ask_reference.open_version", lambda *_: broken)
    measured = server.measure_reference(folder)
    assert not measured.asked
    assert "could not be run (RuntimeError: Non-zero status code)" in measured.notes[0]
    monkeypatch.undo()
    server.measure_reference(folder)
    server.log(0, halves(60, 2))
    monkeypatch.setattr("driftwheel.services.models.askers.open_version", lambda *_: broken)
    judged = server.judge(0)
    assert judged.answer == "no_drift"
    assert judged.document is not None
    assert judged.document["scores"] is None
    assert "Version 'v1' could not be asked" in caplog.text
