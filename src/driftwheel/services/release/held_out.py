"""The labelled images that two versions are compared on: none that either has learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.predictions import Classification
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.store.datasets.dataset_versions import version_with_digest
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.record_labels import RecordLabel, RecordLabelSource, record_labels
from driftwheel.store.models.models import Model, ModelVersion

__all__ = ["MOST_OLD", "HeldOut", "HeldOutImage", "held_out_images"]

MOST_OLD = 10_000
"""Images outside the slice that are compared at most: more would take long, and say little more."""

_PAGE = 1000
_BY_PEOPLE: tuple[RecordLabelSource, ...] = ("told", "review", "consensus", "import")
_AT_RANDOM = {"holdout", "random"}


@dataclass(frozen=True, slots=True)
class HeldOutImage:
    """An image with its label.

    Attributes
    ----------
    image
        SHA-256 of the file.
    label
        The true class.
    is_new
        Whether it is in the slice.
    source
        ``record`` or ``dataset``.
    """

    image: bytes
    label: str
    tags: Mapping[str, str]
    is_new: bool
    source: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Images to compare on, and what was left out.

    Attributes
    ----------
    images
        Each once, sorted by its SHA-256.
    left_out
        Why → how many labelled images: ``no image`` is kept; ``learnt`` from; ``selected`` because they are
        doubtful or unusual, so that they stand for no others; ``beyond`` the most that are compared.
    notes
        What is to be known of them, in sentences.
    """

    images: tuple[HeldOutImage, ...]
    left_out: Mapping[str, int]
    notes: tuple[str, ...]


def held_out_images(
    connection: Connection,
    blobs: Blobs,
    model: Model,
    versions: tuple[ModelVersion, ModelVersion],
    chosen: GateSlice,
) -> HeldOut:
    """Return the images that both versions can be compared on fairly.

    They are: records whose label people gave, and that were drawn at random or came with a truth; and the
    test splits of the dataset versions that the two learnt from. An image that either learnt from, or that
    told it when to stop, is left out, wherever its label comes from.

    Parameters
    ----------
    versions
        The champion and the challenger.

    Raises
    ------
    UsageError
        When a dataset version is damaged.
    OSError
        When the blobs cannot be read now.
    """
    learnt: set[bytes] = set()
    found: dict[bytes, HeldOutImage] = {}
    notes = [
        f"It is not known what '{version.name}' learnt from; labelled images that it has seen would count "
        "for it."
        for version in versions
        if not _of_dataset(connection, blobs, version, chosen, learnt, found)
    ]
    for image in learnt & set(found):  # of the other's test split
        del found[image]
    left_out = _of_records(connection, model, chosen, learnt, found)
    images = [found[image] for image in sorted(found)]
    old = [one for one in images if not one.is_new]
    if len(old) > MOST_OLD:
        left_out["beyond"] = len(old) - MOST_OLD
        kept = {one.image for one in old[:MOST_OLD]}  # a digest is as good as a draw
        images = [one for one in images if one.is_new or one.image in kept]
    return HeldOut(tuple(images), dict(left_out), tuple(notes))


def _of_dataset(  # noqa: PLR0917
    connection: Connection,
    blobs: Blobs,
    version: ModelVersion,
    chosen: GateSlice,
    learnt: set[bytes],
    found: dict[bytes, HeldOutImage],
) -> bool:
    """Add what a version learnt from, and its test split; return whether that is known."""
    if version.dataset is None:
        return False
    dataset = version_with_digest(connection, version.model, version.dataset)
    if dataset is None:
        return False
    for one in examples_of(blobs, dataset):
        if one.split != "test":
            learnt.add(one.image)
        elif one.label.kind == "class":
            is_new = chosen.holds(one.origin.taken, one.origin.tags)
            tags = one.origin.tags
            found[one.image] = HeldOutImage(one.image, one.label.classes[0], tags, is_new, "dataset")
    return True


def _of_records(
    connection: Connection,
    model: Model,
    chosen: GateSlice,
    learnt: set[bytes],
    found: dict[bytes, HeldOutImage],
) -> Counter[str]:
    """Add labelled records, whose labels may be newer than those of a dataset; return what was left out."""
    left_out: Counter[str] = Counter()
    after = 0
    while page := record_labels(connection, model.key, sources=_BY_PEOPLE, after_key=after, limit=_PAGE):
        after = page[-1].key
        for one in page:
            why = _why_not(one, learnt)
            if why:
                left_out[why] += 1
            elif one.image is not None and isinstance(one.label, Classification):
                is_new = chosen.holds(one.time, one.tags)
                found[one.image] = HeldOutImage(one.image, one.label.label, one.tags, is_new, "record")
    return left_out


def _why_not(one: RecordLabel, learnt: set[bytes]) -> str:
    if one.image is None:
        return "no image"
    if one.image in learnt:
        return "learnt"
    selected = one.known.selected
    if selected is not None and selected.reason not in _AT_RANDOM:
        return "selected"
    return ""
