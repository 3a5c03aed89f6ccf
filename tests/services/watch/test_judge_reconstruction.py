"""Windows that an autoencoder looks at too: both looks share the dial, and it counts only where it may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.grey_autoencoder import grey_autoencoder, need_onnx
from tests.workflows.installation import NOW, add_model, log, picture, record

from driftwheel.drift.rules import alpha_for
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.rule_text import format_rule, parse_rule
from driftwheel.services.alert.judged import Judged
from driftwheel.services.alert.replay_monitor import replay_monitor
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.set_autoencoder import set_autoencoder
from driftwheel.services.models.set_reference import (
    Folder,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.operate.model_metrics import model_families
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.windows.verdicts import put_verdict
from driftwheel.store.windows.windows import find_window

DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)
FINE, FADED, FEW, BEFORE = 0, 1, 2, -1
PARTS = 3  # the whole model and two cameras


def faded(image: bytes) -> bytes:
    """Return an image with a third of its contrast."""
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    dull = np.rint(128 + (np.asarray(pixels, float) - 128) / 3).astype(np.uint8)
    return cv2.imencode(".png", dull)[1].tobytes()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Blobs, Model]]:
    need_onnx()
    folder = tmp_path_factory.mktemp("installed")
    engine = open_database(f"sqlite:///{folder}/driftwheel.sqlite")
    migrate(engine)
    blobs = Blobs.open(str(folder / "blobs"))
    model = add_model(engine, window="day", embedder="none")
    log(engine, blobs, model, [record(f"old{i}", picture(9000 + i), MIDNIGHT - DAY) for i in range(25)])
    work(engine, blobs)
    refer(engine, blobs, folder / "reference", 0)
    file = grey_autoencoder(pictures(1000, 60), cameras=["1"] * 52 + ["0"] * 8)
    set_autoencoder(engine, blobs, "m", file, by="me", now=NOW)
    for day, n, change in ((FINE, 60, bytes), (FADED, 60, faded), (FEW, 12, bytes)):
        images = [change(one) for one in pictures(2000 + 100 * day, n)]
        hour = MIDNIGHT + day * DAY
        log(
            engine,
            blobs,
            model,
            [
                record(f"{day}-{i}", image, hour + timedelta(minutes=i), camera=str(i % 2))
                for i, image in enumerate(images)
            ],
        )
    work(engine, blobs)
    yield engine, blobs, model
    engine.dispose()


def pictures(seed: int, n: int) -> list[bytes]:
    return [picture(seed + i) for i in range(n)]


def refer(engine: Engine, blobs: Blobs, folder: Path, seed: int) -> None:
    for i, image in enumerate(pictures(seed, 80)):
        folder.mkdir(exist_ok=True)
        (folder / f"{i}.png").write_bytes(image)
    made = set_reference(engine, "m", Folder(str(folder)), by="me", now=NOW)
    artifact = measure_reference_row(engine, blobs, made.key, now=NOW, threads=1)
    assert artifact is not None
    assert finish_reference(engine, blobs, made.key, artifact)


def work(engine: Engine, blobs: Blobs) -> None:
    while measure_received(engine, blobs, Measurers(blobs), now=NOW, threads=1).taken:
        pass
    summarise_windows(engine, now=NOW)


def judge(installed: tuple[Engine, Blobs, Model], day: int, camera: str = "") -> Judged:
    engine, blobs, model = installed
    tag = "camera" if camera else ""
    with reading(engine) as connection:
        window = find_window(connection, model.key, MIDNIGHT + day * DAY, tag=tag, value=camera)
    assert window is not None
    judged = judge_window(engine, KnownReferences(blobs), model, window)
    with writing(engine) as connection:
        put_verdict(connection, judged.as_verdict(window, NOW))
    return judged


def test_without_a_change_both_looks_say_so_and_share_the_dial(installed):
    judged = judge(installed, FINE)
    seen = judged.observations["reconstruction"]
    assert judged.answer == "no_drift"
    assert seen.judged is False
    assert seen.n == 60
    assert seen.low < seen.value < seen.high
    assert seen.low < 0 < seen.high
    assert judged.alpha == pytest.approx(2 * alpha_for(0.5, 2 * PARTS * 365))
    found = judged.document["reconstruction"]
    assert found["p_value"] == seen.p_value
    assert judged.p_value <= min(1.0, 2 * found["p_value"])
    assert (found["n_reference"], found["n_current"]) == (60, 60)


def test_errors_that_fell_are_drift_with_the_images_that_show_it(installed):
    judged = judge(installed, FADED)
    seen = judged.observations["reconstruction"]
    assert judged.answer == "drift"
    assert judged.observations["drift"].judged is True
    assert seen.judged is True
    assert seen.value < seen.low
    shown = judged.document["reconstructed"]
    errors = [one["error"] for one in shown["images"]]
    assert len(errors) == 8
    assert errors == sorted(errors)
    assert max(errors) < shown["baseline"]
    assert all(one["record"].startswith("1-") for one in shown["images"])


def test_a_segment_is_tested_by_its_own_images(installed):
    judged = judge(installed, FADED, "1")
    seen = judged.observations["reconstruction"]
    assert (seen.n, seen.judged) == (30, True)
    assert seen.value < seen.low
    assert judged.answer == "drift"
    assert judged.document["reconstruction"]["n_reference"] == 52
    assert judged.alpha == pytest.approx(2 * alpha_for(0.5, 2 * PARTS * 365))
    fine = judge(installed, FINE, "1")
    assert fine.answer == "no_drift"
    assert fine.observations["reconstruction"].judged is False


def test_a_segment_of_which_few_images_were_held_out_is_measured_and_not_tested(installed):
    judged = judge(installed, FADED, "0")
    seen = judged.observations["reconstruction"]
    assert (seen.n, seen.judged, seen.low) == (30, None, None)
    assert seen.value < -50
    assert seen.note == (
        "What is usual of this segment alone is not known: 8 images of it were held out, and 50 are needed."
    )
    assert judged.document["reconstruction"] is None
    assert judged.alpha == pytest.approx(alpha_for(1.0, 2 * PARTS * 365))


def test_too_few_and_none_at_all_are_said(installed):
    few = judge(installed, FEW).observations["reconstruction"]
    assert (few.n, few.judged) == (12, None)
    assert few.note == "The autoencoder looked at 12 images, too few to be tested."
    none = judge(installed, BEFORE)
    seen = none.observations["reconstruction"]
    assert (none.answer, seen.value, seen.n) == ("no_drift", None, 0)
    assert seen.note.endswith("measure them again.")
    assert none.document["reconstructed"] is None


def test_monitors_are_replayed_and_metrics_told(installed):
    engine, _, model = installed
    for day in (FINE, FADED):
        judge(installed, day)
    rule = parse_rule("reconstruction is unusual or reconstruction below -40 % until -20 %")
    assert format_rule(rule) == "reconstruction is unusual or reconstruction below -40 % until -20 %"
    replayed = replay_monitor(engine, "m", Monitor("r", rule, "warning", ("",)))
    assert replayed.fired == 1
    (episode,) = replayed.segments[0].episodes
    assert episode.began == MIDNIGHT + FADED * DAY
    with writing(engine) as connection:
        connection.exec_driver_sql("DELETE FROM verdicts")
    judge(installed, FADED)
    with reading(engine) as connection:
        (told,) = (
            one.samples
            for one in model_families(connection, [model])
            if one.name == "driftwheel_reconstruction_over_baseline_ratio"
        )
    assert -1 < told["m", ""] < -0.5


def test_with_another_reference_it_does_not_count(installed, tmp_path):
    engine, blobs, _ = installed
    refer(engine, blobs, tmp_path / "other", 500)
    judged = judge(installed, FINE)
    seen = judged.observations["reconstruction"]
    assert (seen.n, seen.judged) == (60, None)
    assert seen.note == "The autoencoder was trained on an earlier reference: not tested."
    assert judged.document["reconstruction"] is None
    assert len(judged.document["reconstructed"]["images"]) == 8
