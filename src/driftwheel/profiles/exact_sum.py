"""Exact sums of float32 values: one integer in any order and partition, so profiles merge byte for byte.

Every finite float32 is an integer multiple of 2⁻¹⁴⁹, and its square one of 2⁻²⁹⁸. Sums are kept as Python
integers counting those units; nothing is ever rounded before a mean or a variance is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SQUARE_UNITS", "UNITS", "exact_square_sums", "exact_sums"]

UNITS = 2**149
"""A sum divided by this is in the unit of the values."""

SQUARE_UNITS = 2**298
"""A sum of squares divided by this is in the squared unit of the values."""

_EXPONENTS = 255
_ROWS = 2**24  # a float64 adds up 2**24 mantissas of 24 bits without rounding (2**48 < 2**53)


def exact_sums(values: NDArray[np.float32]) -> list[int]:
    """Return the exact sum of every column, as integers in units of 2⁻¹⁴⁹.

    Parameters
    ----------
    values
        (n, k) float32; NaN and infinities take no part.

    Examples
    --------
    >>> tenth = np.full((10, 1), 0.1, np.float32)
    >>> exact_sums(tenth)[0] / UNITS == 10 * float(np.float32(0.1))
    True
    """
    totals = [0] * values.shape[1]
    for block in _blocks(values):
        signed, shift, column = _parts(block)
        _add(totals, column, shift, signed, scale=1, offset=0)
    return totals


def exact_square_sums(values: NDArray[np.float32]) -> list[int]:
    """Return the exact sum of squares of every column, as integers in units of 2⁻²⁹⁸.

    Parameters
    ----------
    values
        (n, k) float32; NaN and infinities take no part.

    Examples
    --------
    >>> exact_square_sums(np.array([[3.0], [4.0]], np.float32))[0] / SQUARE_UNITS
    25.0
    """
    totals = [0] * values.shape[1]
    for block in _blocks(values):
        signed, shift, column = _parts(block)
        squares = signed * signed
        _add(totals, column, shift, squares & 0xFFFFFF, scale=2, offset=0)
        _add(totals, column, shift, squares >> 24, scale=2, offset=24)
    return totals


def _blocks(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [values[start : start + _ROWS] for start in range(0, len(values), _ROWS)]


def _parts(values: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Return per value its signed mantissa, its shift (value = mantissa · 2^(shift − 149)) and its column."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    exponent = (bits >> 23) & 0xFF
    mantissa = ((bits & 0x7FFFFF) | ((exponent > 0).astype(np.uint32) << 23)).astype(np.int64)
    mantissa[exponent == 0xFF] = 0
    signed = np.where(bits >> 31, -mantissa, mantissa).reshape(-1)
    shift = (np.clip(exponent, 1, _EXPONENTS - 1).astype(np.intp) - 1).reshape(-1)
    column = np.tile(np.arange(values.shape[1], dtype=np.intp), len(values))
    return signed, shift, column


def _add(
    totals: list[int],
    column: NDArray[np.intp],
    shift: NDArray[np.intp],
    mantissas: NDArray[np.int64],
    *,
    scale: int,
    offset: int,
) -> None:
    """Add mantissas · 2^(scale · shift + offset) to the totals of their columns."""
    sums = np.bincount(
        column * _EXPONENTS + shift, weights=mantissas.astype(np.float64), minlength=len(totals) * _EXPONENTS
    )
    for position in np.flatnonzero(sums):
        index, exponent = divmod(int(position), _EXPONENTS)
        totals[index] += int(sums[position]) << (scale * exponent + offset)
