"""What is known of the images that a version learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from driftwheel.datasets.example import LabelKind, Source

__all__ = ["ClassImages", "DataFacts", "DatasetStep"]


@dataclass(frozen=True, slots=True)
class ClassImages:
    """Images that name a class, by what they are used for."""

    name: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class DatasetStep:
    """A dataset version on the way to the one that was learnt from; `made_from` in words."""

    number: int
    images: int
    created: datetime
    by: str
    made_from: str
    note: str


@dataclass(frozen=True, slots=True)
class DataFacts:
    """A dataset version.

    Attributes
    ----------
    digest
        SHA-256 that the version is known by.
    train, validation, test
        Images learnt from; looked at while learning; measured on.
    classes
        In the version's order.
    sources
        Who vouches for the labels → images.
    annotators
        People who labelled: how many. Their names are not told in a card, which leaves the house.
    holdout
        Images that were drawn at random to measure on.
    groups
        Groups of images that were kept in one split.
    nothing
        Images with no class and no box.
    first, last
        Event times of the earliest and the latest image, where any is known.
    alerts
        Images that were chosen because of an alert.
    left_out
        (why, images) of labels that are not in it.
    removed
        When its images were let go of; None: they are kept.
    lineage
        It and the versions that it was made of, the newest first.
    """

    number: int
    kind: LabelKind
    digest: str
    images: int
    train: int
    validation: int
    test: int
    classes: tuple[ClassImages, ...]
    sources: tuple[tuple[Source, int], ...]
    annotators: int
    holdout: int
    groups: int
    nothing: int
    boxes: int
    first: datetime | None
    last: datetime | None
    alerts: int
    left_out: tuple[tuple[str, int], ...]
    removed: datetime | None
    lineage: tuple[DatasetStep, ...]
