"""Check images: measure both sides, judge, and on drift name the camera fault and what shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import Any

import numpy as np

from driftwheel.drift.check import Check
from driftwheel.drift.diagnosis import Diagnosis, diagnose
from driftwheel.drift.judge import judge
from driftwheel.drift.outliers import outliers
from driftwheel.learning.embedder import Embedder
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Image, Mode, Records
from driftwheel.services.gather_exhibits import gather_exhibits
from driftwheel.services.measure_images import concatenate, measure_images
from driftwheel.services.pick_images import pick_images
from driftwheel.services.simulate_faults import simulate_faults
from driftwheel.sources import Source, open_source

__all__ = ["Images", "OnProgress", "check_images"]

Images = str | PathLike[str] | Iterable[Any]
"""A folder, glob, list file, archive, Parquet file, URL, or an iterable of arrays, bytes, paths or
`records.Image`.
"""

OnProgress = Callable[[str, int, int | None], None]
"""Called with a stage's name, the number of items newly done and the number in all, None when unknown."""

SIMULATED = 100
"""Reference images that each known fault is simulated on."""


def check_images(
    reference: Images,
    current: Images,
    *,
    embedder: str = "auto",
    mode: Mode = "exact",
    diagnose: bool = True,
    false_alarms_per_year: float = 1.0,
    windows_per_year: float = 365.0,
    name_pattern: str | None = None,
    table: str | None = None,
    threads: int | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Check:
    """Say whether `current` images differ from `reference` ones, how, and what happened to the camera.

    Parameters
    ----------
    reference, current
        Sources of images, see `driftwheel.sources.open_source`. Pictures are read a second time for the
        report, so give an iterable that can be iterated again (a list) rather than a generator.
    embedder
        ``auto``, ``gist``, ``efficientnet-lite0``, ``none`` or the path of an ONNX file.
    diagnose
        Whether to look for the camera fault, on drift.
    false_alarms_per_year, windows_per_year
        The one dial, and how often such a check is made.
    seed
        Of label shuffles, replays and simulated faults: the same images and seed give the same answer.

    Raises
    ------
    UsageError
        For an option that cannot be used.
    SourceError
        When a source cannot be opened or holds no images.
    """
    started = time.perf_counter()
    network = load_embedder(embedder)
    rng = np.random.default_rng(seed)
    opened = partial(open_source, name_pattern=name_pattern, table=table)
    sources = opened(reference), opened(current)
    left, right = (
        _measured(source, side=side, embedder=network, mode=mode, threads=threads, on_progress=on_progress)
        for source, side in zip(sources, ("reference", "current"), strict=True)
    )
    verdict = judge(
        left,
        right,
        rng=rng,
        false_alarms_per_year=false_alarms_per_year,
        windows_per_year=windows_per_year,
    )
    if verdict.verdict == "insufficient":
        return Check(verdict, left, right, None, sources[0].describe, sources[1].describe, _since(started))

    verdict = replace(verdict, outliers=outliers(left, right, rng=rng))
    diagnosis = None
    if verdict.verdict == "drift" and diagnose:
        diagnosis = _diagnosed(
            sources[0],
            reference=left,
            current=right,
            embedder=network,
            mode=mode,
            threads=threads,
            seed=seed,
            rng=rng,
            on_progress=on_progress,
        )
        verdict = replace(verdict, diagnosis=diagnosis.findings, kind=diagnosis.kind, diagnosed=True)
    verdict = replace(verdict, notes=(*verdict.notes, *sources[0].notes, *sources[1].notes))
    exhibits = gather_exhibits(sources[0], sources[1], left, verdict, diagnosis, seed=seed)
    return Check(verdict, left, right, exhibits, sources[0].describe, sources[1].describe, _since(started))


def _measured(
    source: Source,
    *,
    side: str,
    embedder: Embedder | None,
    mode: Mode,
    threads: int | None,
    on_progress: OnProgress | None,
) -> Records:
    advance = None
    if on_progress is not None:
        report = on_progress

        def advance(done: int) -> None:
            report(f"Measuring {side} images", done, source.count)

    return concatenate(
        measure_images(source, embedder=embedder, mode=mode, threads=threads, on_progress=advance)
    )


def _diagnosed(
    source: Source,
    *,
    reference: Records,
    current: Records,
    embedder: Embedder | None,
    mode: Mode,
    threads: int | None,
    seed: int,
    rng: np.random.Generator,
    on_progress: OnProgress | None,
) -> Diagnosis:
    chosen = rng.choice(len(reference), size=min(SIMULATED, len(reference)), replace=False)
    picked: list[Image] = list(pick_images(source, {reference.images[i] for i in chosen}).values())
    advance = None if on_progress is None else partial(on_progress, "Simulating camera faults")
    library = simulate_faults(
        picked, embedder=embedder, mode=mode, threads=threads, seed=seed, on_progress=advance
    )
    return diagnose(library, reference, current, rng=rng)


def _since(started: float) -> float:
    return time.perf_counter() - started
