"""IDX: the format in which MNIST and its kin are given out, plain or compressed by gzip.

Four bytes (two zeros, the type of the numbers, the count of axes), the length of each axis as four bytes,
then the numbers, all big-endian. Source: the page of the MNIST database by LeCun, Cortes and Burges.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import SourceError

__all__ = ["MOST_BYTES", "read_idx"]

MOST_BYTES = 1 << 31
"""Files that announce more numbers than fit into this are not read."""

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_AXES = 8
_GZIP = b"\x1f\x8b"


def read_idx(data: bytes, called: str = "this file") -> NDArray[Any]:
    """Return the array in an IDX file, in this machine's byte order, with memory of its own.

    A compressed file is unpacked no further than its own header announces.

    Parameters
    ----------
    data
        The content of the file; gzip is known by its first bytes.
    called
        What an error calls it.

    Raises
    ------
    SourceError
        When it is no IDX file, is cut short or too long, or announces more than `MOST_BYTES`.

    Examples
    --------
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 10, 20, 30])).tolist()
    [10, 20, 30]
    """
    unpack = zlib.decompressobj(wbits=31) if data[:2] == _GZIP else None
    start = _unpacked(unpack, data, 4 + 4 * _MOST_AXES, called)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not 1 <= start[3] <= _MOST_AXES:
        raise SourceError(f"{called} is no IDX file: it begins with {start[:4].hex(' ') or 'nothing'}.")
    dtype, axes = np.dtype(_TYPES[start[2]]), start[3]
    body = 4 + 4 * axes
    if len(start) < body:
        raise SourceError(f"{called} is cut short: its header of {body} bytes ends after {len(start)}.")
    shape = struct.unpack(f">{axes}I", start[4:body])
    size = body + math.prod(shape) * dtype.itemsize
    if size > MOST_BYTES:
        shown = " × ".join(map(str, shape))
        raise SourceError(f"{called} announces {shown} numbers, more than {MOST_BYTES} bytes.")
    content = data
    if unpack is not None:
        left = size + 1 - len(start)
        content = start + (_unpacked(unpack, unpack.unconsumed_tail, left, called) if left > 0 else b"")
    if len(content) != size:
        found = f"{len(content)} bytes" if len(content) < size else "more"
        raise SourceError(
            f"{called} is {'cut short' if len(content) < size else 'too long'}: its header announces {size} "
            f"bytes, it holds {found}. Get it anew."
        )
    return np.frombuffer(content, dtype, offset=body).reshape(shape).astype(dtype.newbyteorder("="))


def _unpacked(unpack: Any, data: bytes, most: int, called: str) -> bytes:
    """Return the next bytes of the content, at most so many; `data` is what is not yet unpacked."""
    if unpack is None:
        return data[:most]
    try:
        return bytes(unpack.decompress(data, most))
    except zlib.error as error:
        raise SourceError(f"{called} is damaged: {error}. Get it anew.") from None
