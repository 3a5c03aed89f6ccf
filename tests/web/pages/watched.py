"""A weaving line that was watched for two weeks: on the last three days the right camera is out of focus."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from driftwheel.images.faults import apply_fault
from driftwheel.predictions import Classification, Record
from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.ingest.ingest_values import Incoming
from driftwheel.services.ingest.record_truth import record_truths
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.models.set_reference import (
    Folder,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.models.simulate_reference_faults import keep_faults, simulate_reference_faults
from driftwheel.services.watch.judge_due import judge_due
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.records.truths import NewTruth
from driftwheel.store.windows.windows import window_of
from driftwheel.web.state import Services

__all__ = ["CAMERAS", "DAYS", "FAULTY", "PER_DAY", "weave"]

CAMERAS = ("left", "right")
DAYS = 12
"""Whole days before today that were logged."""
FAULTY = 3
"""Of these the last ones."""
PER_DAY = 48


def weave(
    services: Services,
    folder: Path,
    *,
    name: str = "weaving",
    days: int = DAYS,
    embedder: str = "gist",
    causes: bool = True,
    window: Literal["day", "hour"] = "day",
) -> datetime:
    """Register the model, log its days (or hours) and judge them; return the start of the first.

    Without `embedder` ("none") and `causes` it takes a tenth of the time, and nobody is told what happened.
    """
    engine, blobs, now = services.engine, services.blobs, services.clock()
    model = NewModel(name, "classification", ("good", "hole", "stain"), window, ("camera",), embedder)
    register_model(engine, model, by="test", now=now)
    start, end = window_of(now, window)
    length = end - start
    first = start - days * length
    for i in range(200):
        file = folder / name / CAMERAS[i % 2] / f"{i}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cloth(100_000 + i))
    wish = Folder(str(folder / name), "{camera}/{name}")
    reference = set_reference(engine, name, wish, by="test", now=now)
    artifact = measure_reference_row(engine, blobs, reference.key, now=now)
    assert artifact is not None
    finish_reference(engine, blobs, reference.key, artifact)
    if causes:
        library = simulate_reference_faults(engine, blobs, reference.key, threads=2)
        assert library is not None
        keep_faults(engine, reference.key, library)
    for day in range(days):
        moment = first + day * length
        sent = _day(name, day, moment, length, faulty=day >= days - FAULTY)
        assert {one.outcome for one in services.ingest.ingest(sent, received=now)} == {"accepted"}
        if day % 2 == 0:
            _label(services, sent, by="test", now=now)
    measurers = Measurers(blobs)
    while measure_received(engine, blobs, measurers, now=now).taken:
        pass
    while summarise_windows(engine, now=now).made:
        pass
    begin_watching(engine, reference.key, now=first)
    known = KnownReferences(blobs)
    while judge_due(engine, known, now=now + timedelta(minutes=5), settle=timedelta()):
        pass
    return first


def cloth(seed: int, *, blurred: int | None = None) -> bytes:
    """Return a JPEG of cloth, 120 × 120 pixels; some have a hole or a stain; `blurred` is a severity."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:120, 0:120]
    turn = rng.uniform(-0.06, 0.06)
    weft = np.sin((x + turn * y) * 2 * np.pi / 7.5 + rng.uniform(0, 6)) * 26
    warp = np.sin((y - turn * x) * 2 * np.pi / 6 + rng.uniform(0, 6)) * 22
    base = rng.normal(122, 5) + weft + warp + rng.normal(0, 7, (120, 120))
    pixels = np.clip(np.stack([base * 1.02, base, base * 0.86], axis=-1), 0, 255).astype(np.uint8)
    centre = int(rng.integers(25, 95)), int(rng.integers(25, 95))
    kind = kind_of(seed)
    if kind == "hole":
        cv2.ellipse(
            pixels, centre, (14, 9), float(rng.uniform(0, 180)), 0, 360, (24, 22, 20), -1, cv2.LINE_AA
        )
    if kind == "stain":
        spot = pixels.copy()
        cv2.circle(spot, centre, int(rng.integers(14, 24)), (40, 70, 110), -1, cv2.LINE_AA)
        pixels = cv2.addWeighted(spot, 0.55, pixels, 0.45, 0)
    if blurred is not None:
        pixels = apply_fault(pixels, "blur", blurred, seed)
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())


def kind_of(seed: int) -> str:
    """Return what is on the cloth: of ten one has a hole and one a stain."""
    return {3: "hole", 7: "stain"}.get(seed % 10, "good")


def _day(name: str, day: int, start: datetime, length: timedelta, *, faulty: bool) -> list[Incoming]:
    rng = np.random.default_rng(day)
    sent = []
    for i in range(PER_DAY):
        camera, seed = CAMERAS[i % 2], day * PER_DAY + i
        blurred = 3 if faulty and camera == "right" else None
        sure = float(np.clip(rng.normal(0.68 if blurred else 0.93, 0.05), 0.34, 0.999))
        said = "good" if blurred and rng.random() < 0.6 else kind_of(seed)
        said = "stain" if rng.random() < 0.03 else said
        other = next(one for one in ("good", "hole", "stain") if one != said)
        record = Record(
            f"{name}-{seed:04}",
            name,
            start + (5 / 24 + i / 80) * length,  # from five o'clock on, every 18 minutes
            "v1",
            {"camera": camera},
            prediction=Classification(said, {said: sure, other: 1 - sure}),
            latency=float(rng.lognormal(-3.4, 0.25)),
        )
        sent.append(Incoming(record, cloth(seed, blurred=blurred)))
    return sent


def _label(services: Services, sent: Sequence[Incoming], *, by: str, now: datetime) -> None:
    truths = [
        NewTruth(one.record.id, Classification(kind_of(int(one.record.id.rsplit("-", 1)[1]))))
        for one in sent[::2] + sent[1::2]
        if int(hashlib.sha256(one.record.id.encode()).hexdigest(), 16) % 3
    ]
    name = sent[0].record.model
    record_truths(services.engine, name, truths, by=by, received=now, limits=services.settings)
