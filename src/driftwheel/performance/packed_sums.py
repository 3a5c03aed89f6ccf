"""The sums of performance as bytes: msgpack of our own fields, equal sums in equal bytes."""

from __future__ import annotations

from typing import Any

import msgpack
import numpy as np

from driftwheel.errors import ProfileFormatError
from driftwheel.performance.performance_sums import ROC_BINS, Cell, PerformanceSums, ScoreSums, Tally

__all__ = ["sums_from_bytes", "sums_to_bytes"]

_VERSION = 1


def sums_to_bytes(sums: PerformanceSums) -> bytes:
    """Return the sums as bytes.

    Examples
    --------
    >>> sums_from_bytes(sums_to_bytes(PerformanceSums())).predictions
    0
    """
    body = {
        "version": _VERSION,
        "cells": [[*cell, *map(_whole, tally)] for cell, tally in sorted(sums.cells.items())],
        "scored": [
            [
                *key,
                one.n,
                _whole(one.losses),
                _whole(one.squares),
                [_packed(*its) for its in _sorted_roc(one)],
            ]
            for key, one in sorted(sums.scored.items())
        ],
    }
    packed: bytes = msgpack.packb(body, use_bin_type=True, unicode_errors="surrogatepass")
    return packed


def sums_from_bytes(data: bytes) -> PerformanceSums:
    """Return the sums that `sums_to_bytes` wrote.

    Raises
    ------
    ProfileFormatError
        For bytes that are none, or that a later release wrote.
    """
    try:
        body = msgpack.unpackb(data, raw=False, strict_map_key=True, unicode_errors="surrogatepass")
        version = body["version"]
        if version == _VERSION:
            return PerformanceSums(
                {Cell(*row[:5]): Tally(*map(int, row[5:])) for row in body["cells"]},
                {
                    (version_, how): ScoreSums(n, int(losses), int(squares), dict(map(_unpacked, roc)))
                    for version_, how, n, losses, squares, roc in body["scored"]
                },
            )
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise ProfileFormatError(f"sums of performance are damaged ({error})") from None
    raise ProfileFormatError(
        f"sums of performance are of version {version}, this release reads {_VERSION}. Upgrade with: "
        "pip install --upgrade driftwheel"
    )


def _sorted_roc(sums: ScoreSums) -> list[tuple[str, Any]]:
    """Return the counts of scores by class, in the order of the classes."""
    return sorted(sums.roc.items(), key=lambda one: one[0])


def _whole(number: int) -> int | str:
    """Return a number as msgpack can hold it: beyond 64 bits as text."""
    return number if number < 2**63 else str(number)


def _packed(name: str, counts: Any) -> list[Any]:
    there = np.flatnonzero(counts)
    return [name, there.tolist(), counts.reshape(-1)[there].tolist()]


def _unpacked(packed: list[Any]) -> tuple[str, Any]:
    name, there, values = packed
    counts = np.zeros(2 * ROC_BINS, np.int64)
    counts[there] = values
    return name, counts.reshape(2, ROC_BINS)
