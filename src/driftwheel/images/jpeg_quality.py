"""JPEG quality, told from the quantisation tables a file was coded with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["ijg_tables", "quality_of_tables"]

# The example tables of ITU-T T.81, annex K.1, row by row, which libjpeg scales.
_LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMINANCE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
)  # fmt: skip
_ZIGZAG = sorted(range(64), key=lambda k: (k // 8 + k % 8, k % 8 if (k // 8 + k % 8) % 2 == 0 else k // 8))

Table = tuple[int, ...]


def ijg_tables(quality: int, *, baseline: bool = True) -> tuple[Table, Table]:
    """Return the luminance and chrominance tables, 64 steps each in zigzag order, that libjpeg makes.

    Parameters
    ----------
    quality
        1…100.
    baseline
        Whether steps are held to 8 bits (1…255), as nearly every program asks for; otherwise to 1…32767.

    Source: libjpeg, jcparam.c (Independent JPEG Group).

    Examples
    --------
    >>> ijg_tables(50)[0][:4], ijg_tables(100)[0][:4]
    ((16, 11, 12, 14), (1, 1, 1, 1))
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    most = 255 if baseline else 32767
    luminance, chrominance = (
        tuple(min(max((table[k] * scale + 50) // 100, 1), most) for k in _ZIGZAG)
        for table in (_LUMINANCE, _CHROMINANCE)
    )
    return luminance, chrominance


@lru_cache(maxsize=256)
def quality_of_tables(luminance: bytes, chrominance: bytes | None = None) -> float:
    """Return the quality, 1…100, whose IJG tables are those given, or the nearest.

    Parameters
    ----------
    luminance, chrominance
        Payload of a table in the file: 64 bytes, or 128 for 16-bit steps (big endian), in zigzag order; no
        chrominance for a grey image. NaN when a table has another length.

    Exact for tables that libjpeg scaled (held to 8 bits or not). For others, such as Photoshop's or a phone's
    own, it is the quality with the least mean absolute difference of log2 steps, a whole number too.

    Examples
    --------
    >>> quality_of_tables(bytes(ijg_tables(85)[0]))
    85.0
    """
    steps = [_steps(table) for table in (luminance, chrominance) if table is not None]
    if any(table is None for table in steps):
        return math.nan
    given = tuple(table for table in steps if table is not None)
    exact = _exact(len(given)).get(given)
    if exact is not None:
        return float(exact)
    wanted = np.log2(np.array(given, dtype=np.float64))
    candidates = _log2_tables()[:, : len(given)]
    return float(np.argmin(np.abs(candidates - wanted).mean(axis=(1, 2))) + 1)


def _steps(table: bytes) -> Table | None:
    if len(table) == 64:
        return tuple(max(step, 1) for step in table)
    if len(table) == 128:
        return tuple(max(int(step), 1) for step in np.frombuffer(table, dtype=">u2"))
    return None


@lru_cache(maxsize=2)
def _exact(tables: int) -> dict[Sequence[Table], int]:
    held: dict[Sequence[Table], int] = {ijg_tables(quality)[:tables]: quality for quality in range(1, 101)}
    free: dict[Sequence[Table], int] = {
        ijg_tables(quality, baseline=False)[:tables]: quality for quality in range(1, 101)
    }
    return {**free, **held}


@lru_cache(maxsize=1)
def _log2_tables() -> NDArray[np.float64]:
    return np.log2(np.array([ijg_tables(quality) for quality in range(1, 101)], dtype=np.float64))
