"""Read what a dataset version holds, part by part."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator

from driftwheel.datasets.example import Example, Split
from driftwheel.datasets.manifest import Head, head_from_bytes, read_part
from driftwheel.errors import UsageError
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.files.blobs import Blobs

__all__ = ["examples_of", "head_of"]


def head_of(blobs: Blobs, version: DatasetVersion) -> Head:
    """Return the head of a version.

    Raises
    ------
    UsageError
        When the version was removed, or its head is lost or damaged.
    """
    if version.removed is not None:
        raise UsageError(
            f"The dataset version {version.number} was removed on {version.removed:%Y-%m-%d} by "
            f"{version.removed_by}: what it held is no longer kept."
        )
    return head_from_bytes(_checked(blobs, version, version.digest, "head"))


def examples_of(
    blobs: Blobs, version: DatasetVersion, *, after: bytes = b"", split: Split | None = None
) -> Iterator[Example]:
    """Yield the examples of a version, sorted by image; one part of 4,096 is in memory.

    Parameters
    ----------
    after
        Begin after this image.
    split
        Only those of this split.

    Raises
    ------
    UsageError
        When the version was removed, or a part is lost or damaged.
    """
    head = head_of(blobs, version)
    begin = bisect_left([part.last for part in head.parts], after) if after else 0
    for number, part in enumerate(head.parts[begin:], start=begin + 1):
        data = _checked(blobs, version, part.digest, f"part {number} of {len(head.parts)}")
        for one in read_part(data):
            if one.image > after and split in {None, one.split}:
                yield one


def _checked(blobs: Blobs, version: DatasetVersion, digest: bytes, what: str) -> bytes:
    try:
        data = blobs.get(digest)
    except FileNotFoundError:
        data = b""
    if hashlib.sha256(data).digest() != digest:
        raise UsageError(
            f"The {what} of the dataset version {version.number} ({digest.hex()[:12]}) is "
            f"{'damaged' if data else 'gone'} among the blobs. Restore it from a backup."
        )
    return data
