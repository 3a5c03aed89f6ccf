"""The sums of performance as bytes: columns in msgpack, equal sums in equal bytes, merged without unpacking.

A year of days of many segments is merged while a page is made: so cells are kept as columns of numbers, with
tables of their versions and classes, and are added as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgpack
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import ProfileFormatError
from driftwheel.performance.performance_sums import (
    ROC_BINS,
    Cell,
    How,
    PerformanceSums,
    ScoreSums,
    Tally,
)

__all__ = ["merge_packed", "sums_from_bytes", "sums_to_bytes"]

_VERSION = 1
_HOWS: tuple[How, ...] = ("", "told", "sampled", "chosen")
_DAMAGED = (ValueError, TypeError, KeyError, IndexError, AttributeError, msgpack.UnpackException)


def sums_to_bytes(sums: PerformanceSums) -> bytes:
    """Return the sums as bytes.

    Examples
    --------
    >>> sums_from_bytes(sums_to_bytes(PerformanceSums())).predictions
    0
    """
    ordered = sorted(sums.cells.items())
    names = sorted({name for cell, _ in ordered for name in (cell.version, cell.said, cell.true)})
    place = {name: number for number, name in enumerate(names)}
    keys = np.array(
        [[place[c.version], c.bin, _HOWS.index(c.how), place[c.said], place[c.true]] for c, _ in ordered],
        "<i4",
    )
    body = {
        "version": _VERSION,
        "names": names,
        "keys": keys.tobytes(),
        "tallies": np.array([list(tally) for _, tally in ordered], "<i8").tobytes(),
        "scored": [
            [
                *key,
                one.n,
                one.losses,
                one.squares,
                [_packed(*its) for its in sorted(one.roc.items(), key=_name)],
            ]
            for key, one in sorted(sums.scored.items(), key=_name)
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
    return merge_packed([data])


def merge_packed(parts: Sequence[bytes]) -> PerformanceSums:
    """Return the sums of all parts, as `merge_sums` would of what `sums_from_bytes` returns of each.

    Raises
    ------
    ProfileFormatError
        As `sums_from_bytes`.
    """
    place: dict[str, int] = {}
    keys: list[NDArray[np.int64]] = []
    tallies: list[NDArray[np.int64]] = []
    scored: dict[tuple[str, How], ScoreSums] = {}
    for data in parts:
        body = _body(data)
        try:
            own = np.array([place.setdefault(name, len(place)) for name in body["names"]], np.int64)
            key = np.frombuffer(body["keys"], "<i4").reshape(-1, 5).astype(np.int64)
            for column in (0, 3, 4):
                key[:, column] = own[key[:, column]] if len(key) else 0
            keys.append(key)
            tallies.append(np.frombuffer(body["tallies"], "<i8").reshape(-1, 4))
            for version, how, n, losses, squares, roc in body["scored"]:
                _add(scored, (version, how), ScoreSums(n, losses, squares, dict(map(_unpacked, roc))))
        except _DAMAGED as error:
            raise ProfileFormatError(f"sums of performance are damaged ({error})") from None
    names = list(place)
    if not keys:
        return PerformanceSums()
    cells, summed = keys[0], tallies[0]
    if len(keys) > 1:
        cells, where = _distinct(np.concatenate(keys), len(names))
        summed = np.zeros((len(cells), 4), np.int64)
        np.add.at(summed, where, np.concatenate(tallies))
    return PerformanceSums(
        {
            Cell(names[version], at, _HOWS[how], names[said], names[true]): Tally(*tally)
            for (version, at, how, said, true), tally in zip(cells.tolist(), summed.tolist(), strict=True)
        },
        scored,
    )


def _distinct(keys: NDArray[np.int64], names: int) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the distinct rows of keys, and which of them each row is."""
    if names < 2**16:  # a row then fits into one number, which sorts much faster
        version, at, how, said, true = keys.T
        whole = (((version * 64 + at + 1) * 4 + how) * names + said) * names + true
        _, first, where = np.unique(whole, return_index=True, return_inverse=True)
        return keys[first], where.reshape(-1)
    cells, where = np.unique(keys, axis=0, return_inverse=True)
    return cells, where.reshape(-1)


def _body(data: bytes) -> dict[str, Any]:
    try:
        body = msgpack.unpackb(data, raw=False, strict_map_key=True, unicode_errors="surrogatepass")
        version = body["version"]
    except _DAMAGED as error:
        raise ProfileFormatError(f"sums of performance are damaged ({error})") from None
    if version != _VERSION:
        raise ProfileFormatError(
            f"sums of performance are of version {version}, this release reads {_VERSION}. Upgrade with: "
            "pip install --upgrade driftwheel"
        )
    return cast("dict[str, Any]", body)


def _add(scored: dict[tuple[str, How], ScoreSums], key: tuple[str, How], one: ScoreSums) -> None:
    before = scored.get(key)
    if before is None:
        scored[key] = one
        return
    roc = cast("dict[str, NDArray[np.int64]]", before.roc)  # made here, and nobody else's
    for name, counts in one.roc.items():
        if name in roc:
            roc[name] += counts
        else:
            roc[name] = counts
    scored[key] = ScoreSums(before.n + one.n, before.losses + one.losses, before.squares + one.squares, roc)


def _name(item: tuple[Any, Any]) -> Any:
    return item[0]


def _packed(name: str, counts: NDArray[np.int64]) -> list[Any]:
    there = np.flatnonzero(counts)
    return [name, there.astype("<u2").tobytes(), counts.reshape(-1)[there].astype("<i8").tobytes()]


def _unpacked(packed: list[Any]) -> tuple[str, NDArray[np.int64]]:
    name, there, values = packed
    counts = np.zeros(2 * ROC_BINS, np.int64)
    counts[np.frombuffer(there, "<u2")] = np.frombuffer(values, "<i8")
    return name, counts.reshape(2, ROC_BINS)
