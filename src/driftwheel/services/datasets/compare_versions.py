"""Compare two dataset versions of a model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

from driftwheel.datasets.difference import CHANGES, Change, ChangeKind, Difference, changes_between
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.files.blobs import Blobs

__all__ = ["ComparedVersions", "compare_versions", "list_changes"]


@dataclass(frozen=True, slots=True)
class ComparedVersions:
    """How two versions differ.

    Attributes
    ----------
    before, after
        The versions; neither need be made of the other.
    counted
        Of all images.
    examples
        Kind of change → the first images of it.
    """

    before: DatasetVersion
    after: DatasetVersion
    counted: Difference
    examples: dict[ChangeKind, tuple[Change, ...]]


def compare_versions(
    blobs: Blobs, before: DatasetVersion, after: DatasetVersion, *, first: int = 12
) -> ComparedVersions:
    """Return how two versions differ, with the first images of each kind of change.

    100,000 images take 4 s; a part of each is in memory.

    Raises
    ------
    UsageError
        When one of them was removed or is damaged.
    """
    counted = Difference()
    found: dict[ChangeKind, list[Change]] = {kind: [] for kind in CHANGES}
    for change in changes_between(examples_of(blobs, before), examples_of(blobs, after), counted):
        if len(found[change.kind]) < first:
            found[change.kind].append(change)
    return ComparedVersions(before, after, counted, {kind: tuple(some) for kind, some in found.items()})


def list_changes(
    blobs: Blobs,
    before: DatasetVersion,
    after: DatasetVersion,
    kinds: Collection[ChangeKind] = CHANGES,
    *,
    after_image: bytes = b"",
    limit: int = 100,
) -> list[Change]:
    """Return up to `limit` images that differ in one of these ways, sorted by image, after `after_image`.

    Raises
    ------
    UsageError
        When one of the versions was removed or is damaged.
    """
    earlier = examples_of(blobs, before, after=after_image)
    later = examples_of(blobs, after, after=after_image)
    return list(islice((one for one in changes_between(earlier, later) if one.kind in kinds), limit))
