"""Labelled images of one size for the detection benchmark: idx files, or a sub-folder of images a class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.formats.idx import read_idx

SIDE = 64
"""Photos are cut to their middle square and reduced to this many pixels a side."""

_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """All labelled images there are, whatever part of a published split they came from.

    Attributes
    ----------
    name
        Of the folder.
    pixels
        (n, h, w) grey or (n, h, w, 3) RGB, uint8.
    labels
        (n,) numbers of the classes, from 0.
    classes
        Their names.
    """

    name: str
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


def open_images(folder: Path, side: int = SIDE) -> LabelledImages:
    """Read every pair of idx files in `folder`, train before test, or every sub-folder as a class."""
    pictures = sorted(
        folder.glob("*images*idx3-ubyte*"), key=lambda path: ("train" not in path.name, path.name)
    )
    if pictures:
        labels = [path.with_name(path.name.replace("images-idx3", "labels-idx1")) for path in pictures]
        read, classes = (
            np.concatenate([read_idx(path.read_bytes(), str(path)) for path in paths])
            for paths in (pictures, labels)
        )
        classes = classes.astype(np.int64)
        return LabelledImages(
            folder.name, read, classes, tuple(str(i) for i in range(int(classes.max()) + 1))
        )
    names = sorted({path.name for path in folder.glob("*/") if path.is_dir()})
    if len(names) < 2:
        raise SystemExit(
            f"{folder} has neither idx files (train-images-idx3-ubyte.gz …) nor a sub-folder for each class."
        )
    rows = [
        (_square(path, side), number)
        for number, name in enumerate(names)
        for path in sorted((folder / name).rglob("*"))
        if path.suffix.lower() in _ENDINGS
    ]
    pixels = np.stack([pixels for pixels, _ in rows])
    return LabelledImages(folder.name, pixels, np.array([number for _, number in rows]), tuple(names))


def _square(path: Path, side: int) -> NDArray[np.uint8]:
    read = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if read is None:
        raise SystemExit(f"{path} cannot be read as an image.")
    height, width = read.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    middle = read[top : top + edge, left : left + edge, ::-1]
    return np.ascontiguousarray(cv2.resize(middle, (side, side), interpolation=cv2.INTER_AREA))
