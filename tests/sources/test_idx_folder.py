"""Folders of IDX files."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from driftwheel.errors import SourceError
from driftwheel.sources.idx_folder import read_idx_images

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def content(array: np.ndarray = IMAGES) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.mark.parametrize(
    "name", ["t10k-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"]
)
def test_each_usual_name_is_found(name: str, tmp_path: Path):
    (tmp_path / name).write_bytes(gzip.compress(content()) if name.endswith("gz") else content())
    np.testing.assert_array_equal(read_idx_images(tmp_path, "test"), IMAGES)


def test_what_is_missing_is_named(tmp_path: Path):
    with pytest.raises(
        SourceError, match=r"There is no folder .*nowhere. It should hold train-images-idx3-ubyte"
    ):
        read_idx_images(tmp_path / "nowhere", "train")
    with pytest.raises(
        SourceError, match=r"holds neither train-images-idx3-ubyte\.gz nor train-images-idx3-ubyte\."
    ):
        read_idx_images(tmp_path, "train")


def test_labels_are_no_images(tmp_path: Path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content(np.arange(9, dtype=np.uint8)))
    with pytest.raises(
        SourceError, match=r"uint8 of shape \(9,\); grey images are uint8 \(n, height, width\)"
    ):
        read_idx_images(tmp_path, "train")
