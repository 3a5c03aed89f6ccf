"""Images of a reference that a version has learnt from: of these it is surer than of any other image.

Compared by them, calm days would seem to have changed, and the accuracy would be estimated too high.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace

import numpy as np
from sqlalchemy import Engine

from driftwheel.datasets.manifest import head_from_bytes, read_part
from driftwheel.errors import UsageError
from driftwheel.performance.accuracy_estimate import LEAST_KNOWN
from driftwheel.records import Image
from driftwheel.report.numbers import count, several
from driftwheel.services.measure.asked_answers import AskedAnswers
from driftwheel.store.datasets.dataset_versions import version_with_digest
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import ModelVersion

__all__ = ["learnt_by", "noting_learnt", "without_learnt"]


def learnt_by(engine: Engine, blobs: Blobs, version: ModelVersion) -> frozenset[bytes]:
    """Return the SHA-256 of the images that a version was trained on: the train split of its dataset version.

    Empty where that is not known any more.
    """
    if version.dataset is None:
        return frozenset()
    with reading(engine) as connection:
        dataset = version_with_digest(connection, version.model, version.dataset)
    if dataset is None:
        return frozenset()
    try:
        head = head_from_bytes(blobs.get(dataset.digest))
        return frozenset(
            one.image
            for part in head.parts
            for one in read_part(blobs.get(part.digest))
            if one.split == "train"
        )
    except (UsageError, FileNotFoundError):  # whoever opens the dataset version is told
        return frozenset()


def noting_learnt(images: Iterable[Image], learnt: Set[bytes], into: set[str]) -> Iterator[Image]:
    """Yield images as they come, and note the names of those whose files were learnt from.

    Examples
    --------
    >>> names: set[str] = set()
    >>> passed = [Image("1", b"a"), Image("2", b"b")]
    >>> len(list(noting_learnt(passed, {hashlib.sha256(b"a").digest()}, names))), names
    (2, {'1'})
    """
    for one in images:
        if learnt and isinstance(one.data, bytes) and hashlib.sha256(one.data).digest() in learnt:
            into.add(one.name)
        yield one


def without_learnt(
    said: AskedAnswers, names: Sequence[str], learnt: Set[str]
) -> tuple[AskedAnswers, str | None]:
    """Return answers without those about images that were learnt from, and what is to be said of it.

    Where fewer than 100 answers would be left, too few to estimate an accuracy by, all stay. Nothing is said
    where nothing was learnt from.

    Parameters
    ----------
    names
        Of the images, one for each row of the scores.
    learnt
        The names of those that were learnt from.
    """
    rows = np.array([one in learnt for one in names], bool)
    if not rows.any():
        return said, None
    others = int((~np.isnan(said.scores).any(axis=1) & ~rows).sum())
    learnt_from = f"{count(int(rows.sum()))} of {several(len(names), 'image')} of the reference"
    note = f"Version '{said.version}' has learnt from {learnt_from}, and is surer of them than of any other"
    if others < LEAST_KNOWN:
        return said, (
            f"{note}: its scores may seem to have changed when nothing did, and its accuracy is estimated "
            f"too high. Add at least {LEAST_KNOWN} images to the reference that it has not learnt from."
        )
    scores = said.scores.copy()
    scores[rows] = np.nan
    return replace(said, scores=scores), (
        f"{note}: its scores are compared with those of the other {count(others)}."
    )
