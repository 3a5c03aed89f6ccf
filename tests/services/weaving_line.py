"""A weaving line to judge: two cameras, a reference, and days on which this or that befalls the images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Engine

from driftwheel.demo.textile_week import textile_images
from driftwheel.images.faults import apply_fault
from driftwheel.predictions import Classification, Record
from driftwheel.services.alert.judged import Judged
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.set_reference import (
    Folder,
    Range,
    Trailing,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.models.simulate_reference_faults import keep_faults, simulate_reference_faults
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.windows import find_window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CAMERAS = ("left", "right")
REFERENCE = 300
SIDE = 120  # pixels: smaller than the textile's own 250, so that faults are simulated in seconds

Change = Callable[[np.ndarray, int], np.ndarray | None]
"""From pixels and the image's number to what the camera makes of them; None: a file that cannot be read."""


@cache
def textile() -> tuple[np.ndarray, ...]:
    """All textile images, shuffled: any two sets of them differ by chance alone."""
    files = [file for kind in textile_images().values() for file in kind]
    order = np.random.default_rng(1).permutation(len(files))
    whole = (cv2.imread(str(files[i]), cv2.IMREAD_COLOR) for i in order)
    return tuple(cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in whole)


def encoded(pixels: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())


def fault(name: str, severity: int | None, share: float = 1.0, seed: int = 3) -> Change:
    """A camera fault on a share of the images."""

    def change(pixels: np.ndarray, number: int) -> np.ndarray:
        hit = (number * 0.618) % 1.0 < share
        return apply_fault(pixels, name, severity, seed) if hit else pixels

    return change


@dataclass(frozen=True)
class Line:
    """The installation, and how many of the textile images were used."""

    engine: Engine
    blobs: Blobs
    model: Model
    used: list[int]

    def images(self, n: int) -> list[np.ndarray]:
        """Return n images that nothing has used before."""
        begin = self.used[0]
        self.used[0] += n
        return list(textile()[begin : begin + n])

    def log_day(
        self,
        day: int,
        n: int = 100,
        *,
        changes: dict[str, Change] | None = None,
        label: Callable[[int], str] = lambda i: "good" if i % 4 else "bad",
        images: Sequence[np.ndarray] | None = None,
        without_images: bool = False,
    ) -> datetime:
        """Log a day of both cameras in turn and return its start; `changes`: what a camera makes of it."""
        start = MONDAY + timedelta(days=day)
        rows = []
        for i, pixels in enumerate(images or self.images(n)):
            camera = CAMERAS[i % 2]
            change = (changes or {}).get(camera)
            seen = change(pixels, i // 2) if change else pixels
            data = b"\x89PNG\r\n\x1a\n" + bytes([i, day]) if seen is None else encoded(seen)
            digest = None if without_images else self.blobs.put(data).hex()
            said = label(i)
            record = Record(
                f"{day}-{i}",
                self.model.name,
                start + timedelta(seconds=600 * i * 100 // n),
                tags={"camera": camera},
                image=digest,
                prediction=Classification(said, {said: 0.8 + 0.001 * (i % 100)}),
                latency=0.02,
            )
            body = hashlib.sha256(repr(record).encode()).digest()
            rows.append(NewRecord(self.model.key, record, body, start))
        with writing(self.engine) as connection:
            write_records(connection, rows)
        return start

    def work(self) -> None:
        """Measure what waits, and sum up windows."""
        now = MONDAY + timedelta(days=300)
        while measure_received(self.engine, self.blobs, Measurers(self.blobs), now=now, threads=2).taken:
            pass
        summarise_windows(self.engine, now=now)

    def refer_to(self, source: Folder | Range | Trailing, *, now: datetime, faults: bool = True) -> int:
        """Set the reference, measure it and simulate faults on it; return its key."""
        reference = set_reference(self.engine, self.model.name, source, by="me", now=now)
        artifact = measure_reference_row(self.engine, self.blobs, reference.key, now=now, threads=2)
        assert artifact is not None
        assert finish_reference(self.engine, self.blobs, reference.key, artifact)
        if faults:
            library = simulate_reference_faults(self.engine, self.blobs, reference.key, threads=2)
            assert library is not None
            keep_faults(self.engine, reference.key, library)
        return reference.key

    def judge(self, start: datetime, tag: str = "", value: str = "", *, seed: int = 0) -> Judged:
        with reading(self.engine) as connection:
            window = find_window(connection, self.model.key, start, tag=tag, value=value)
        assert window is not None
        return judge_window(self.engine, KnownReferences(self.blobs), self.model, window, seed=seed)

    def judge_day(self, start: datetime) -> dict[str, Judged]:
        """Return the verdicts of a day, by camera; "" is the whole model."""
        whole = {"": self.judge(start)}
        return whole | {camera: self.judge(start, "camera", camera) for camera in CAMERAS}


def weaving_line(engine: Engine, folder: Path, *, embedder: str = "gist", window: str = "day") -> Line:
    with writing(engine) as connection:
        model = create_model(
            connection,
            "line",
            task="classification",
            created=MONDAY,
            window=window,
            segment_tags=["camera"],
            embedder=embedder,
        )
    return Line(engine, Blobs.open(str(folder / "blobs")), model, [0])


def write_folder(line: Line, folder: Path, n: int = REFERENCE) -> Folder:
    for i, pixels in enumerate(line.images(n)):
        file = folder / CAMERAS[i % 2] / f"{i}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(pixels))
    return Folder(str(folder), "{camera}/{name}")
