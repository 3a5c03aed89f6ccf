"""A folder of IDX files, as MNIST, notMNIST, Fashion-MNIST and their kin come."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import SourceError
from driftwheel.formats.idx import read_idx

__all__ = ["read_idx_images"]

_STEMS = {"train": "train", "test": "t10k"}


def read_idx_images(folder: Path, part: Literal["train", "test"]) -> NDArray[np.uint8]:
    """Return the images of one part of a data set.

    Reads ``train-images-idx3-ubyte`` or ``t10k-images-idx3-ubyte`` (a dot in place of the second hyphen will
    do), compressed (``.gz``) or not.

    Returns
    -------
    (n, height, width) uint8 grey, n ≥ 1.

    Raises
    ------
    SourceError
        When there is no such folder or file, or it holds no grey images of bytes.
    """
    path = _file(folder, f"{_STEMS[part]}-images")
    try:
        images: NDArray[Any] = read_idx(path.read_bytes(), str(path))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from None
    if images.ndim != 3 or images.dtype != np.uint8 or 0 in images.shape:
        raise SourceError(
            f"{path} holds {images.dtype} of shape {images.shape}; grey images are uint8 (n, height, width)."
        )
    return images


def _file(folder: Path, stem: str) -> Path:
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}. It should hold {stem}-idx3-ubyte.gz.")
    names = [f"{stem}{mark}idx3-ubyte{end}" for mark in "-." for end in (".gz", "")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise SourceError(f"The folder {folder} holds neither {names[0]} nor {names[1]}.")
