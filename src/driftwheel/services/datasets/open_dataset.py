"""Open a dataset version to learn from it: its images by split, decoded one by one from the blobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.datasets.example import SPLITS, Split
from driftwheel.errors import SourceError, UnreadableImageError, UsageError
from driftwheel.images.decode import decode
from driftwheel.learning.labelled_images import LabelledImages, check_labels
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.store.datasets.dataset_versions import DatasetVersion, version_numbered
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model

__all__ = ["BlobImages", "OpenDataset", "open_dataset"]


@dataclass(frozen=True, slots=True, eq=False)
class BlobImages:
    """Labelled images that are kept among the blobs: `driftwheel.learning.labelled_images.LabelledImages`.

    Attributes
    ----------
    blobs
        Where they are.
    classes
        The k names that labels stand for.
    labels
        (n,) from 0 to k − 1.
    digests
        (n, 32) SHA-256 of the files.
    """

    blobs: Blobs
    classes: tuple[str, ...]
    labels: NDArray[np.intp]
    digests: NDArray[np.uint8]

    def __post_init__(self) -> None:
        check_labels(self.classes, self.labels, len(self.digests))

    def __len__(self) -> int:
        return len(self.digests)

    def digest(self, i: int) -> bytes:
        """Return the SHA-256 of the file of an image."""
        return bytes(self.digests[i].tobytes())

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return (h, w, 3) BGR uint8, upright; `SourceError` when it cannot be read."""
        digest = self.digest(i)
        try:
            return decode(self.blobs.get(digest)).pixels
        except FileNotFoundError:
            raise SourceError(
                f"The image {digest.hex()[:12]} is gone from {self.blobs.root}. Restore it from a backup."
            ) from None
        except UnreadableImageError as error:
            raise SourceError(f"The image {digest.hex()[:12]} cannot be read: {error.reason}.") from None


@dataclass(frozen=True, slots=True, eq=False)
class OpenDataset:
    """A dataset version, ready to learn from; some 40 bytes an image are in memory.

    Attributes
    ----------
    version
        What is known of it.
    splits
        Split → its images, sorted by their SHA-256; a split may have none.
    """

    version: DatasetVersion
    splits: Mapping[Split, BlobImages]

    @property
    def classes(self) -> tuple[str, ...]:
        """The k names that labels stand for; some may have no image."""
        return self.version.classes

    @property
    def train(self) -> LabelledImages:
        """What is learnt from."""
        return self.splits["train"]

    @property
    def validation(self) -> LabelledImages:
        """What says when to stop."""
        return self.splits["validation"]

    @property
    def test(self) -> LabelledImages:
        """What is measured on; never learnt from."""
        return self.splits["test"]


def open_dataset(connection: Connection, blobs: Blobs, model: str, number: int) -> OpenDataset:
    """Open the dataset version of a model that has this number; 100,000 images take 2 s.

    Raises
    ------
    UsageError
        When there is no such version, it was removed or is damaged, or an image of it has boxes or several
        classes: one class is learnt.
    """
    version = version_numbered(connection, find_model(connection, model).key, number)
    if version.kind != "class":
        raise UsageError(
            f"The dataset version {number} of '{model}' is of the kind '{version.kind}'; classifiers learn "
            "from versions of the kind 'class'. Export it, to learn from it elsewhere."
        )
    order = {name: number for number, name in enumerate(version.classes)}
    labels: dict[Split, list[int]] = {split: [] for split in SPLITS}
    digests: dict[Split, bytearray] = {split: bytearray() for split in SPLITS}
    for one in examples_of(blobs, version):
        labels[one.split].append(order[one.label.classes[0]])
        digests[one.split] += one.image
    return OpenDataset(
        version,
        {
            split: BlobImages(
                blobs,
                version.classes,
                np.array(labels[split], dtype=np.intp),
                np.frombuffer(bytes(digests[split]), dtype=np.uint8).reshape(-1, 32),
            )
            for split in SPLITS
        },
    )
