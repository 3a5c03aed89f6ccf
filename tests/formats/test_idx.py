"""IDX files: known bytes, every type, plain and compressed, and what is said of damaged ones."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from driftwheel.errors import SourceError
from driftwheel.formats import idx
from driftwheel.formats.idx import read_idx

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def write(array: np.ndarray) -> bytes:
    header = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim]) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def test_the_first_bytes_of_mnist_as_its_page_gives_them():
    header = bytes.fromhex("00000803 0000ea60 0000001c 0000001c")
    images = read_idx(header + bytes(60000 * 28 * 28))
    assert images.shape == (60000, 28, 28)
    assert images.dtype == np.uint8


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@given(
    array=st.sampled_from(sorted(CODES)).flatmap(
        lambda kind: arrays.arrays(np.dtype(kind), arrays.array_shapes(max_dims=4, min_side=0))
    )
)
def test_what_is_written_is_read(compress, array):
    again = read_idx(compress(write(array)))
    assert again.dtype == array.dtype
    assert again.flags.writeable
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.gz is no IDX file: it begins with nothing"),
        (b"\x89PNG....", "x.gz is no IDX file: it begins with 89 50 4e 47"),
        (bytes([0, 0, 7, 1, 0, 0, 0, 0]), "no IDX file"),
        (bytes([0, 0, 8, 0]), "no IDX file"),
        (bytes([0, 0, 8, 2, 0, 0, 0, 1, 0]), "cut short: its header of 12 bytes ends after 9"),
        (
            bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]),
            "cut short: its header announces 11 bytes, it holds 10 bytes",
        ),
        (bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]), "too long: its header announces 9 bytes, it holds more"),
        (bytes([0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 0, 9]), "announces 4294967295 × 9 numbers"),
    ],
)
def test_what_is_wrong_is_said(compress, data, message):
    with pytest.raises(SourceError, match=message):
        read_idx(compress(data), "x.gz")


def test_a_damaged_gzip_is_told_from_a_short_one():
    packed = bytearray(gzip.compress(write(np.arange(5000, dtype=np.int32))))
    with pytest.raises(SourceError, match="cut short"):
        read_idx(bytes(packed[:-4000]))
    packed[30] ^= 0xFF
    with pytest.raises(SourceError, match=r"damaged|cut short"):
        read_idx(bytes(packed))


def test_a_bomb_is_unpacked_no_further_than_it_announces(monkeypatch):
    monkeypatch.setattr(idx, "MOST_BYTES", 1000)
    bomb = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 5]) + bytes(50_000_000))
    with pytest.raises(SourceError, match="too long"):
        read_idx(bomb)
