"""Measure a reference once, to hold many sets of current images against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.errors import UsageError
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.embedder import Embedder
from driftwheel.learning.load_classifier import ClassNames, Model, load_classifier
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Mode, Records
from driftwheel.services.check.ask_others import load_others, predicted_by
from driftwheel.services.check.checked_options import checked_embedder, checked_mode, checked_threads
from driftwheel.services.check.pick_images import pick_images
from driftwheel.services.check.reference_truths import Truth, read_truth, true_columns
from driftwheel.services.check.simulate_faults import simulate_faults
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.services.progress import OnProgress, counting
from driftwheel.sources import Source, open_source

__all__ = ["SIMULATED", "Images", "Reference", "measure_reference", "measure_source"]

Images = str | PathLike[str] | Iterable[Any]
"""A folder, glob, list file, archive, Parquet file, URL, or an iterable of arrays, bytes, paths or
`records.Image`.
"""

SIMULATED = 100
"""Reference images that known faults are simulated on."""


@dataclass(slots=True, eq=False)
class Reference:
    """A measured reference. It changes in one way only: it keeps the fault library once that was asked for.

    Attributes
    ----------
    source
        The images; pictures are read from it again when there is something to show.
    records
        One row an image.
    embedder, mode, threads, classifier
        How it was measured, and how current images must be; `classifier` is the monitored model, if given.
    truths
        (n,) the true class of each record, a column of the model's scores, see
        `reference_truths.true_columns`; None without a model, or where no truth is known.
    others, predicted
        Other versions of the model, and the (1 + m, n) classes that it and they name in the reference, see
        `ask_others.predicted_by`; None without other versions.
    """

    source: Source
    records: Records
    embedder: Embedder | None
    mode: Mode
    threads: int | None
    classifier: Classifier | None = None
    truths: NDArray[np.intp] | None = None
    others: tuple[Classifier, ...] = ()
    predicted: NDArray[np.intp] | None = None
    _libraries: dict[int, FaultLibrary] = field(default_factory=dict)

    def fault_library(self, seed: int, on_progress: OnProgress | None = None) -> FaultLibrary:
        """Return what every known camera fault does to a sample of the reference; simulated once a seed."""
        if seed not in self._libraries:
            n = len(self.records)
            chosen = np.random.default_rng([seed, n]).choice(n, size=min(SIMULATED, n), replace=False)
            picked = pick_images(self.source, {self.records.images[i] for i in chosen})
            self._libraries[seed] = simulate_faults(
                list(picked.values()),
                embedder=self.embedder,
                classifier=None if self.truths is None else self.classifier,
                mode=self.mode,
                threads=self.threads,
                seed=seed,
                on_progress=None if on_progress is None else partial(on_progress, "Simulating camera faults"),
            )
        return self._libraries[seed]


def measure_reference(
    images: Images,
    *,
    embedder: str = "auto",
    mode: Mode = "exact",
    name_pattern: str | None = None,
    table: str | None = None,
    model: Model | None = None,
    classes: ClassNames | None = None,
    truth: Truth = "auto",
    other_models: Sequence[Model] = (),
    threads: int | None = None,
    on_progress: OnProgress | None = None,
) -> Reference:
    """Measure the images a model was built on, ready for `check_images.check_against`.

    Parameters are those of `check_images.check_images`.

    Raises
    ------
    UsageError
        For an option that cannot be used.
    SourceError
        When the source cannot be opened or holds no images.
    """
    mode, threads = checked_mode(mode), checked_threads(threads)
    given = read_truth(truth)
    if model is None and given not in ("auto", "none"):
        raise UsageError("Truths were given without a model; give the model's ONNX file too.")
    source = open_source(images, name_pattern=name_pattern, table=table, called="reference")
    network = load_embedder(checked_embedder(embedder))
    classifier = load_classifier(model, classes)
    others = load_others(other_models, classifier, classes)
    records = measure_source(
        source,
        "reference",
        embedder=network,
        classifier=classifier,
        mode=mode,
        threads=threads,
        on_progress=on_progress,
    )
    truths = None if classifier is None else true_columns(given, records.images, classifier.classes)
    predicted = None
    if others:
        if truths is None:
            raise UsageError(
                "Other models were given, but no truth of the reference is known. Sort its images into "
                "folders called as the model's classes, or give their truths (--truth)."
            )
        predicted = predicted_by(
            others, source, records, "reference", threads=threads, on_progress=on_progress
        )
    return Reference(source, records, network, mode, threads, classifier, truths, others, predicted)


def measure_source(
    source: Source,
    side: str,
    *,
    embedder: Embedder | None,
    mode: Mode,
    threads: int | None,
    on_progress: OnProgress | None,
    classifier: Classifier | None = None,
) -> Records:
    """Return the records of all images of a source; `side` is what progress calls them."""
    advance = counting(on_progress, f"Measuring {side} images", source.count)
    return concatenate(
        measure_images(
            source,
            embedder=embedder,
            classifier=classifier,
            mode=mode,
            threads=threads,
            on_progress=advance,
        )
    )
