"""Labelled images: what a classifier learns from, is stopped by and is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import SourceError, UnreadableImageError, UsageError
from driftwheel.images.decode import decode

__all__ = ["FewerImages", "ImageFiles", "ImagesInMemory", "LabelledImages", "check_labels"]


@runtime_checkable
class LabelledImages(Protocol):
    """The plug point for labelled images, wherever their pixels are kept.

    It can be sent to another process, and gives the same pixels there.

    Attributes
    ----------
    classes
        The k names that labels stand for; some may have no image.
    labels
        (n,) from 0 to k − 1.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """The k names that labels stand for."""
        ...

    @property
    def labels(self) -> NDArray[np.intp]:
        """(n,) from 0 to k − 1."""
        ...

    def __len__(self) -> int:
        """How many images."""
        ...

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return (h, w, 3) BGR uint8, upright, of any size; `SourceError` when it cannot be read."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ImagesInMemory:
    """Pixels that are at hand: (h, w, 3) BGR uint8 each, of any size.

    Examples
    --------
    >>> some = ImagesInMemory(("cat", "dog"), np.array([1, 0]), [np.zeros((4, 4, 3), np.uint8)] * 2)
    >>> len(some), some.image(0).shape
    (2, (4, 4, 3))
    """

    classes: tuple[str, ...]
    labels: NDArray[np.intp]
    pixels: Sequence[NDArray[np.uint8]]

    def __post_init__(self) -> None:
        check_labels(self.classes, self.labels, len(self.pixels))

    def __len__(self) -> int:
        return len(self.pixels)

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return the pixels of an image."""
        return self.pixels[i]


@dataclass(frozen=True, slots=True, eq=False)
class ImageFiles:
    """Files of any format that `driftwheel.images.decode` reads, decoded one by one."""

    classes: tuple[str, ...]
    labels: NDArray[np.intp]
    files: tuple[Path, ...]

    def __post_init__(self) -> None:
        check_labels(self.classes, self.labels, len(self.files))

    @classmethod
    def in_folders(cls, root: Path) -> ImageFiles:
        """Return the files of a folder with a folder of images for each class, both in order of their names.

        Raises
        ------
        SourceError
            When there is no such folder, or fewer than two folders with files in it.
        """
        if not root.is_dir():
            raise SourceError(f"There is no folder '{root}'.")
        found = {
            folder.name: sorted(each for each in folder.iterdir() if each.is_file() and each.name[0] != ".")
            for folder in sorted(root.iterdir())
            if folder.is_dir() and folder.name[0] != "."
        }
        found = {name: files for name, files in found.items() if files}
        if len(found) < 2:
            raise SourceError(
                f"'{root}' has {len(found)} folders with files in them; expected one for each of two classes "
                "or more."
            )
        labels = np.repeat(np.arange(len(found)), [len(files) for files in found.values()])
        return cls(tuple(found), labels, tuple(each for files in found.values() for each in files))

    def __len__(self) -> int:
        return len(self.files)

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return the pixels of an image."""
        try:
            return decode(self.files[i].read_bytes()).pixels
        except OSError as error:
            raise SourceError(f"The image '{self.files[i]}' cannot be read: {error.strerror}.") from None
        except UnreadableImageError as error:
            raise SourceError(f"The image '{self.files[i]}' cannot be read: {error.reason}.") from None


@dataclass(frozen=True, slots=True, eq=False)
class FewerImages:
    """Some rows of other images, in the order of `rows`; one may stand there twice."""

    images: LabelledImages
    rows: NDArray[np.intp]

    @property
    def classes(self) -> tuple[str, ...]:
        """Those of all the images."""
        return self.images.classes

    @property
    def labels(self) -> NDArray[np.intp]:
        """Of the rows."""
        return self.images.labels[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def image(self, i: int) -> NDArray[np.uint8]:
        """Return the pixels of a row."""
        return self.images.image(int(self.rows[i]))


def check_labels(classes: Sequence[str], labels: NDArray[np.intp], images: int) -> None:
    """Raise `UsageError` for names given twice, and for labels that do not fit the classes or the images."""
    if len(set(classes)) != len(classes):
        twice = next(name for name in classes if list(classes).count(name) > 1)
        raise UsageError(f"The class '{twice}' is given twice; name each class once.")
    if labels.shape != (images,) or not np.issubdtype(labels.dtype, np.integer):
        raise UsageError(
            f"There are {images} images, and labels of shape {labels.shape} and type {labels.dtype}; "
            "expected one whole number for each image."
        )
    if images and not (labels.min() >= 0 and labels.max() < len(classes)):
        raise UsageError(
            f"Labels go from {labels.min()} to {labels.max()}; of {len(classes)} classes they go from 0 to "
            f"{len(classes) - 1}."
        )
