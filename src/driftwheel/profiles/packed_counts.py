"""Whole numbers in as few bytes as they need (LEB128).

Seven bits a byte, the lowest first; the top bit is set on all bytes of a number but its last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack_counts", "unpack_counts"]

_MOST_BYTES = 9  # 63 bits: any int64 that is not negative


def pack_counts(counts: NDArray[np.int64]) -> bytes:
    """Return (n,) counts ≥ 0 as bytes; one value has one encoding.

    Examples
    --------
    >>> pack_counts(np.array([0, 127, 128])).hex()
    '007f8001'
    """
    groups = (counts[:, None] >> (7 * np.arange(_MOST_BYTES))) & 0x7F
    beyond = (counts[:, None] >> (7 * np.arange(1, _MOST_BYTES + 1))) > 0
    used = np.column_stack([np.ones(len(counts), np.bool_), beyond[:, :-1]])
    return (groups | (beyond << 7)).astype(np.uint8)[used].tobytes()


def unpack_counts(data: bytes, n: int) -> NDArray[np.int64]:
    """Return the (n,) counts that `pack_counts` wrote; raise `ValueError` for anything else.

    Examples
    --------
    >>> unpack_counts(bytes.fromhex("007f8001"), 3)
    array([  0, 127, 128])
    """
    values = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(values < 0x80)
    if len(ends) != n or (n and ends[-1] != len(values) - 1) or (n == 0 and len(values)):
        raise ValueError(f"{len(ends)} packed counts instead of {n}")
    if n == 0:
        return np.empty(0, np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _MOST_BYTES:
        raise ValueError("a packed count of more than 63 bits")
    if np.any((lengths > 1) & (values[ends] == 0)):
        raise ValueError("a packed count with needless bytes")
    places = np.arange(len(values)) - np.repeat(starts, lengths)
    return np.add.reduceat((values & 0x7F).astype(np.int64) << (7 * places), starts)
