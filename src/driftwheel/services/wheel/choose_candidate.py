"""Choose which of several new versions goes to the gate: the best on images that neither has learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftwheel.errors import DriftwheelError
from driftwheel.report.gains import points
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.services.measure.predicted_classes import predicted_classes
from driftwheel.services.models.askers import open_version
from driftwheel.services.wheel.turn_moves import At
from driftwheel.store.datasets.dataset_versions import version_by_key
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import ModelVersion

__all__ = ["Candidate", "choose_candidate"]

_MOST = 2000  # validation images of each kind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version, and how often it is right on validation images.

    Attributes
    ----------
    new, old
        Accuracy 0…1 on images that came into the dataset with the turn, and on the others; None where there
        are none.
    n_new, n_old
        Images.
    """

    version: ModelVersion
    new: float | None
    old: float | None
    n_new: int
    n_old: int

    @property
    def score(self) -> float:
        """The mean of both: what is new counts as much as what is known, however few it is."""
        both = [one for one in (self.new, self.old) if one is not None]
        return sum(both) / len(both) if both else 0.0

    @property
    def words(self) -> str:
        """What it is right on, as a part of a sentence."""
        parts = [
            f"{points(share)} of {n:,} {what}"
            for share, n, what in ((self.new, self.n_new, "new"), (self.old, self.n_old, "old"))
            if share is not None
        ]
        return " and ".join(parts) or "is not measured"


def choose_candidate(at: At, versions: Sequence[ModelVersion]) -> list[Candidate]:
    """Return the versions, the best first; of equal ones the first stays first.

    They are asked about the validation images of the turn's dataset version: images of its test split, and
    those drawn at random, are for the gate alone. A version whose file does not run comes last.

    Raises
    ------
    DriftwheelError
        When no file runs.
    """
    if len(versions) == 1:
        return [Candidate(versions[0], None, None, 0, 0)]
    new, old = _validation(at)
    found, failed = [], []
    for one in versions:
        try:
            found.append(_measured(at, one, new, old))
        except DriftwheelError:
            failed.append(Candidate(one, None, None, 0, 0))
    return [*sorted(found, key=lambda one: -one.score), *failed]


def _validation(at: At) -> tuple[dict[bytes, str], dict[bytes, str]]:
    """Return image → class of the validation split: those that came with this version, and the others."""
    key = at.last("dataset")
    with reading(at.engine) as connection:
        dataset = None if key is None else version_by_key(connection, key)
        parent = None
        if dataset is not None and dataset.parent is not None:
            parent = version_by_key(connection, dataset.parent)
    if dataset is None or dataset.removed is not None:
        return {}, {}
    known: set[bytes] = set()
    if parent is not None and parent.removed is None:
        known = {one.image for one in examples_of(at.blobs, parent)}
    new: dict[bytes, str] = {}
    old: dict[bytes, str] = {}
    for one in examples_of(at.blobs, dataset):
        if one.split == "validation":
            part = old if one.image in known else new
            if len(part) < _MOST:
                part[one.image] = one.label.classes[0]
    return new, old


def _measured(at: At, version: ModelVersion, new: dict[bytes, str], old: dict[bytes, str]) -> Candidate:
    classifier = open_version(at.blobs.get(version.artifact or b""), at.model.classes, threads=at.threads)
    said = predicted_classes(at.blobs, [*new, *old], classifier, threads=at.threads)
    shares = [_share(part, said) for part in (new, old)]
    return Candidate(version, shares[0][0], shares[1][0], shares[0][1], shares[1][1])


def _share(truths: dict[bytes, str], said: dict[bytes, str]) -> tuple[float | None, int]:
    seen = [image for image in truths if image in said]
    right = sum(truths[image] == said[image] for image in seen)
    return (right / len(seen) if seen else None), len(seen)
