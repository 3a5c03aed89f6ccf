"""Check images: measure both sides, judge, and on drift name the camera fault and what shows it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from driftwheel.drift.check import Check
from driftwheel.drift.diagnosis.diagnosis import diagnose as diagnose_drift
from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.drift.diagnosis.kind_of_change import explained, kind_of_change
from driftwheel.drift.join_reconstruction import LOOKS, join_reconstruction
from driftwheel.drift.judge import judge
from driftwheel.drift.outliers import outliers
from driftwheel.drift.rules import check_dial
from driftwheel.images.exhibits import Exhibits
from driftwheel.learning.autoencoder import Autoencoder
from driftwheel.learning.load_classifier import ClassNames, Model
from driftwheel.predictions import AccuracyEstimate
from driftwheel.records import Mode, Records
from driftwheel.services.check.ask_others import agree, predicted_by
from driftwheel.services.check.checked_options import checked_seed
from driftwheel.services.check.estimate_check import estimate_check
from driftwheel.services.check.gather_exhibits import gather_exhibits
from driftwheel.services.check.measure_reference import (
    Images,
    Reference,
    measure_reference,
    measure_source,
)
from driftwheel.services.check.reconstruct_images import open_network, reconstruct_images
from driftwheel.services.check.reference_truths import Truth
from driftwheel.services.check.same_place import SAME_PLACE, same_place
from driftwheel.services.progress import OnProgress
from driftwheel.sources import Source, open_source

__all__ = ["check_against", "check_images"]


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
    model: Model | None = None,
    classes: ClassNames | None = None,
    truth: Truth = "auto",
    other_models: Sequence[Model] = (),
    autoencoder: Path | bytes | None = None,
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
        The one dial, and how often such a check is made: 0 < false alarms < windows.
    model
        The monitored model: the path of an ONNX file, its content, or a
        `driftwheel.learning.classifier.Classifier`. Its scores then count as evidence, and the classes it
        predicts tell other content from the same content that looks different.
    classes
        Names of the model's classes, or the path of a text file with one a line; by default those that the
        file names.
    truth
        The true classes of the reference's images, from which the model's accuracy on the current ones is
        estimated, see `driftwheel.services.check.reference_truths.read_truth`. The reference must not be
        what the model was trained on.
    other_models
        Two other versions of the model or more: how often all agree tells of its accuracy too, where truths
        of the reference are known.
    autoencoder
        An autoencoder that was trained on the reference (`driftwheel autoencoder`): the path of its file, or
        its content. It then has half of the false alarms, and all other evidence the other half.
    threads
        Images worked on at once, 1 or more; by default as many as there are processors.
    seed
        0 or more, of label shuffles, replays and simulated faults: the same images and seed give the same
        answer.

    Raises
    ------
    UsageError
        For an option that cannot be used.
    SourceError
        When a source cannot be opened or holds no images.
    """
    started = time.perf_counter()
    check_dial(false_alarms_per_year, windows_per_year)  # before the long work: any of these may fail
    checked_seed(seed)
    network = open_network(autoencoder, threads)
    opened = open_source(current, name_pattern=name_pattern, table=table, called="current")
    measured = measure_reference(
        reference,
        embedder=embedder,
        mode=mode,
        name_pattern=name_pattern,
        table=table,
        model=model,
        classes=classes,
        truth=truth,
        other_models=other_models,
        threads=threads,
        on_progress=on_progress,
    )
    check = check_against(
        measured,
        opened,
        diagnose=diagnose,
        false_alarms_per_year=false_alarms_per_year,
        windows_per_year=windows_per_year,
        autoencoder=network,
        seed=seed,
        on_progress=on_progress,
    )
    if same_place(reference, current):
        check = replace(check, verdict=replace(check.verdict, notes=(*check.verdict.notes, SAME_PLACE)))
    return replace(check, seconds=_since(started))


def check_against(
    reference: Reference,
    current: Images | Source,
    *,
    diagnose: bool = True,
    false_alarms_per_year: float = 1.0,
    windows_per_year: float = 365.0,
    name_pattern: str | None = None,
    table: str | None = None,
    autoencoder: Autoencoder | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Check:
    """Do as `check_images`, with a reference that is measured already.

    The answer is the same; for every set of current images after the first, it comes sooner. A `Source` that
    is open already keeps its own times and tags.
    """
    started = time.perf_counter()
    check_dial(false_alarms_per_year, windows_per_year)
    rng = np.random.default_rng(checked_seed(seed))
    source = current
    if not isinstance(source, Source):
        source = open_source(source, name_pattern=name_pattern, table=table, called="current")
    left = reference.records
    right = measure_source(
        source,
        "current",
        embedder=reference.embedder,
        classifier=reference.classifier,
        mode=reference.mode,
        threads=reference.threads,
        on_progress=on_progress,
    )
    agreement = None
    if reference.predicted is not None and reference.truths is not None:
        now = predicted_by(
            *(reference.others, source, right, "current"), threads=reference.threads, on_progress=on_progress
        )
        agreement = agree(reference.predicted, reference.truths, now)
    names = reference.source.describe, source.describe
    verdict = judge(
        left,
        right,
        rng=rng,
        false_alarms_per_year=false_alarms_per_year / (1 if autoencoder is None else LOOKS),
        windows_per_year=windows_per_year,
    )
    verdict = replace(verdict, agreement=agreement)
    reconstructed = None
    if autoencoder is not None:
        looked = reconstruct_images(
            source,
            autoencoder,
            reference=reference.source.describe,
            alpha=verdict.alpha,
            rng=rng,
            threads=reference.threads,
            on_progress=on_progress,
        )
        reconstructed = looked.pairs
        verdict = replace(verdict, notes=(*verdict.notes, *looked.notes))
        verdict = join_reconstruction(
            verdict,
            looked.drift,
            looked.exemplars,
            false_alarms_per_year=false_alarms_per_year,
        )
    if not verdict.properties:  # too few readable images to look at any further
        verdict = replace(verdict, accuracy=_accuracy(reference, right, None, seed))
        return Check(verdict, left, right, None, *names, _since(started))

    verdict = replace(verdict, outliers=outliers(left, right, rng=rng))
    diagnosis, library = None, None
    if verdict.verdict == "drift" and verdict.kind != "unreadable" and diagnose:
        library = reference.fault_library(seed, on_progress)
        diagnosis = diagnose_drift(library, left, right, rng=rng)
    verdict = replace(verdict, accuracy=_accuracy(reference, right, library, seed))
    if verdict.verdict == "drift" and verdict.kind != "unreadable":
        verdict = explained(verdict, diagnosis, kind_of_change(left, right, rng=rng))
    verdict = replace(verdict, notes=(*verdict.notes, *reference.source.notes, *source.notes))
    exhibits = gather_exhibits(reference.source, source, left, verdict, diagnosis, seed=seed)
    if reconstructed:
        exhibits = replace(exhibits or Exhibits(), reconstructions=reconstructed)
    return Check(verdict, left, right, exhibits, *names, _since(started))


def _accuracy(
    reference: Reference, current: Records, library: FaultLibrary | None, seed: int
) -> AccuracyEstimate | None:
    if reference.truths is None:
        return None
    return estimate_check(reference.records, reference.truths, current, library, seed=seed)


def _since(started: float) -> float:
    return time.perf_counter() - started
