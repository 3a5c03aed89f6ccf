"""Simulate faults: give reference images every known camera fault, store them likewise, and measure them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultAnswers, FaultCase, FaultLibrary
from driftwheel.errors import SourceError, UnreadableImageError
from driftwheel.images.decode import Decoded, decode
from driftwheel.images.encode import encode
from driftwheel.images.faults import FAULTS, Fault, apply_fault, compression_quality
from driftwheel.images.properties import PROPERTY_NAMES, measure
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.embedder import Embedder, Prepare
from driftwheel.records import Image, Mode
from driftwheel.services.measure.measure_images import shorter_side, single_threaded_opencv
from driftwheel.services.measure.parallel import map_in_order

__all__ = ["CAMERAS", "faulty_file", "simulate_faults"]

CAMERAS = 10
"""Simulated cameras: a case's images are shared out among them, so that what differs between cameras is
seen.
"""

MOST_IMAGES, LEAST_IMAGES = 72, 20
"""Images that faults are simulated on."""

MOST_PIXELS = 300_000
"""Mean pixels of an image up to which the most images are used."""

_TASK = 24  # faulty images made from one decoded image at a time: bounds what waits for the embedder
_FEW = 8  # tasks that are not worth starting processes for
_CLEAN = FaultCase("", None, "")


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """Faults to be given to one image, by the camera of a seed."""

    image: Image
    cases: list[FaultCase]
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What is kept of one simulated image."""

    values: NDArray[np.float32]
    prepared: NDArray[Any] | None
    seen: NDArray[Any] | None


def simulate_faults(
    reference_images: Sequence[Image],
    *,
    embedder: Embedder | None,
    classifier: Classifier | None = None,
    mode: Mode = "exact",
    threads: int | None = None,
    seed: int = 0,
    faults: Sequence[Fault] = FAULTS,
    on_progress: Callable[[int, int], None] | None = None,
) -> FaultLibrary:
    """Return what every fault, at every severity and in every variant, does to `reference_images`.

    Of a fault with variants each variant gets a share of the images: half of them when there are two, a
    third when there are more; with fewer than 20 images, all of them. Unreadable images are left out. The
    result does not depend on `threads`.

    Parameters
    ----------
    reference_images
        A random sample of the reference. 72 are used, spread evenly over those given; fewer where images
        have more than 0.3 megapixels on average, in proportion, but at least 20.
    embedder, mode, threads
        As in `measure_images`, and the same as for the records to be diagnosed.
    classifier
        The monitored model, which is asked what it makes of each faulty image.
    seed
        Stands for the simulated cameras.
    faults
        Rows of the table; stream faults are skipped, since they change no single image.
    on_progress
        Receives the number of images just finished and the number in all.

    Raises
    ------
    SourceError
        When none of the images can be read.
    """
    readable = _sample(reference_images)
    if not readable:
        raise SourceError(
            "None of the reference images could be read: no camera fault can be simulated on them."
        )
    cases = tuple(
        FaultCase(fault.name, severity, variant)
        for fault in faults
        if fault.function is not None
        for severity in fault.severities
        for variant in fault.variants
    )
    variants = {fault.name: fault.variants for fault in faults}
    few = len(readable) < LEAST_IMAGES
    plan = [
        (base, [-1, *(range(len(cases)) if few else _cases_on(base, cases, variants))])
        for base in range(len(readable))
    ]
    parts = [(base, numbers[i : i + _TASK]) for base, numbers in plan for i in range(0, len(numbers), _TASK)]
    total = sum(len(numbers) for _, numbers in parts)
    tasks = (
        _Task(readable[base], [_CLEAN if k < 0 else cases[k] for k in numbers], _camera_seed(seed, base))
        for base, numbers in parts
    )
    prepare = None if embedder is None else embedder.prepare
    see = None if classifier is None else classifier.prepare
    side = max(shorter_side(prepare), 0 if classifier is None else classifier.shorter_side)
    work = partial(_simulate, prepare=prepare, see=see, mode=mode, side=side)

    values = np.empty((total, len(PROPERTY_NAMES)), np.float32)
    embeddings = None if embedder is None else np.empty((total, embedder.dimensions), np.float32)
    said: list[tuple[NDArray[np.intp], NDArray[np.float32]]] = []
    done = 0
    with single_threaded_opencv():
        for measured in map_in_order(work, tasks, threads=threads, few=_FEW):
            rows = slice(done, done + len(measured))
            values[rows] = [one.values for one in measured]
            if embedder is not None and embeddings is not None:
                embeddings[rows] = embedder.embed(
                    np.stack([one.prepared for one in measured if one.prepared is not None])
                )
            if classifier is not None:
                scores = classifier.scores(np.stack([one.seen for one in measured if one.seen is not None]))
                said.append((scores.argmax(axis=1).astype(np.intp), scores.max(axis=1)))
            done += len(measured)
            if on_progress is not None:
                on_progress(len(measured), total)
    case = np.array([k for _, numbers in parts for k in numbers], dtype=np.intp)
    base = np.array([b for b, numbers in parts for _ in numbers], dtype=np.intp)
    clean, faulty = case < 0, case >= 0
    answers = None
    if classifier is not None:
        predicted, confidence = (np.concatenate(column)[faulty] for column in zip(*said, strict=True))
        answers = FaultAnswers(classifier.identity, tuple(classifier.classes), predicted, confidence)
    return FaultLibrary(
        cases=cases,
        properties=values[faulty],
        embeddings=None if embeddings is None else embeddings[faulty],
        case=case[faulty],
        base=base[faulty],
        camera=base[faulty] % CAMERAS,
        clean_properties=values[clean],
        clean_embeddings=None if embeddings is None else embeddings[clean],
        images=tuple(image.name for image in readable),
        property_names=PROPERTY_NAMES,
        embedder=None if embedder is None else embedder.identity,
        mode=mode,
        answers=answers,
    )


def faulty_file(decoded: Decoded, case: FaultCase, seed: int) -> bytes:
    """Return the file a camera with the fault would have stored, in the image's own format and quality.

    The fault of compression lowers the quality of a JPEG file itself; in other formats it leaves its traces
    in the pixels. With an empty fault name the image is stored again as it is.
    """
    header = decoded.header
    if not case.fault:
        return encode(decoded.pixels, header)
    if case.fault == "compression" and header.format == "jpeg" and case.severity is not None:
        quality = compression_quality(case.severity, header.jpeg_quality)
        return encode(decoded.pixels, replace(header, jpeg_quality=float(quality)))
    variant = case.variant or None
    return encode(apply_fault(decoded.pixels, case.fault, case.severity, seed, variant=variant), header)


def _simulate(
    task: _Task, prepare: Prepare | None, see: Prepare | None, mode: Mode, side: int
) -> list[_Measured]:
    decoded = decode(task.image.data)
    files = (faulty_file(decoded, case, task.seed) for case in task.cases)
    measured = (measure(file, mode, shorter_side=side) for file in files)
    return [
        _Measured(
            one.values,
            None if prepare is None else prepare(one.pixels),
            None if see is None else see(one.pixels),
        )
        for one in measured
    ]


def _cases_on(base: int, cases: Sequence[FaultCase], variants: dict[str, tuple[str, ...]]) -> list[int]:
    """Return which cases image number `base` is used for; spread so that every variant meets every camera."""
    chosen = []
    for k, case in enumerate(cases):
        every = min(len(variants[case.fault]), 3)
        turn = variants[case.fault].index(case.variant) if every > 1 else 0
        if (base + base // CAMERAS + turn) % every == 0:
            chosen.append(k)
    return chosen


def _camera_seed(seed: int, base: int) -> int:
    return seed * CAMERAS + base % CAMERAS


def _sample(images: Sequence[Image]) -> list[Image]:
    """Return the readable images to work on: as many as the time allows, spread evenly over those given."""
    readable, pixels = [], []
    for image in images:
        try:
            header = decode(image.data, reduction=8).header
        except UnreadableImageError:
            continue
        readable.append(image)
        pixels.append(header.width * header.height)
    if not readable:
        return []
    wanted = int(np.clip(MOST_IMAGES * MOST_PIXELS / np.mean(pixels), LEAST_IMAGES, MOST_IMAGES))
    chosen = np.unique(np.linspace(0, len(readable) - 1, min(wanted, len(readable))).round().astype(int))
    return [readable[i] for i in chosen]
