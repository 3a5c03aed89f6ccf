"""Slices of failure: parts of the images, told by plain conditions, on which a model is wrong more often.

Of very many parts some look bad by chance. So the labels are divided: one half proposes, the other, which had
no say in it, confirms, with a correction for how many were proposed. What is told of a slice comes from the
second half alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.performance.figure import Figure
from driftwheel.performance.wilson import wilson_interval
from driftwheel.statistics.fisher_exact import fisher_exact

__all__ = [
    "LEAST_IN_SLICE",
    "LEAST_LABELS",
    "MOST_PROPOSED",
    "Condition",
    "FailureSlice",
    "SliceSearch",
    "find_failure_slices",
]

LEAST_LABELS = 100
"""Labels from which on slices are looked for."""

LEAST_IN_SLICE = 10
"""Labels that a slice has in each half at least."""

MOST_PROPOSED = 20
"""Slices that the first half proposes at most."""

_LEAST_SHARE = 0.01
_SAME = 0.6  # of the images in either of two slices: they are about the same part
_LEVEL = 0.05
_CUTS = (0.1, 0.25, 0.75, 0.9)
_MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Condition:
    """What the images of a slice have in common.

    Attributes
    ----------
    feature
        ``tag.camera``, ``property.brightness``, ``predicted`` or ``cluster``.
    value
        Of a category: its name; else empty.
    low, high
        Of a number: low ≤ number < high; None is no bound.
    """

    feature: str
    value: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FailureSlice:
    """A part of the images on which the model is wrong more often, as images that had no say in it show.

    Attributes
    ----------
    conditions
        One or two, which all hold.
    share
        Of all labelled images that lie in it, in [0, 1].
    accuracy, rest
        In the slice, and of the images outside, in the confirming half.
    p_value
        That it is not worse than the rest, corrected for all that were proposed (Holm).
    rows
        All labelled images in it, of both halves.
    """

    conditions: tuple[Condition, ...]
    share: float
    accuracy: Figure
    rest: Figure
    p_value: float
    rows: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class SliceSearch:
    """What a search found.

    Attributes
    ----------
    slices
        Confirmed ones, those that cost the most right answers first.
    proposed
        How many the first half proposed.
    looked_at
        How many parts it looked at.
    n
        Labels.
    reason
        Why nothing was looked for; else empty.
    """

    slices: tuple[FailureSlice, ...]
    proposed: int
    looked_at: int
    n: int
    reason: str = ""


def find_failure_slices(
    correct: NDArray[np.bool_],
    categories: Mapping[str, Sequence[str | None]],
    numbers: Mapping[str, NDArray[np.floating]],
    *,
    confirms: NDArray[np.bool_],
    limit: int = 8,
) -> SliceSearch:
    """Return the parts of the images on which a model is wrong more often than on the rest.

    Parts are told by the value of a category, by a number in the lowest or highest 10 % or 25 %, and by two
    of these together. Each has at least 1 % of the images and 10 in each half. Proposed are those with the
    most wrong answers beyond their due, in deviations; of parts with mostly the same images the best.

    Parameters
    ----------
    correct
        (n,) whether the prediction was right.
    categories
        Name → n values; None: not known. Of more than 50 values those with the most images count.
    numbers
        Name → (n,) numbers; NaN: not known.
    confirms
        (n,) the half that confirms: drawn at random, and the same for the same image.
    limit
        Most slices that are returned.

    Raises
    ------
    UsageError
        For columns of unequal length.

    Notes
    -----
    Confirmed by Fisher's exact test, one-sided, at 5 % over all proposed (Holm): of searches in which nothing
    is wrong, at most one in twenty finds any. Sources: Chung, Kraska, Polyzotis, Tae and Whang, "Automated
    data slicing for model validation", IEEE TKDE 32, 2020; Holm, "A simple sequentially rejective multiple
    test procedure", 1979.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> camera = np.where(rng.random(2000) < 0.1, "left", "right")
    >>> right = rng.random(2000) < np.where(camera == "left", 0.5, 0.95)
    >>> found = find_failure_slices(right, {"tag.camera": list(camera)}, {}, confirms=rng.random(2000) < 0.5)
    >>> [one.conditions for one in found.slices]
    [(Condition(feature='tag.camera', value='left', low=None, high=None),)]
    """
    n = len(correct)
    for name, values in (*categories.items(), *numbers.items(), ("confirms", confirms)):
        if len(values) != n:
            raise UsageError(f"`{name}` has {len(values)} rows for {n} predictions.")
    wrong = n - int(correct.sum())
    if n < LEAST_LABELS or wrong < LEAST_IN_SLICE:
        why = (
            f"{n:,} labels, of {LEAST_LABELS} that are needed"
            if n < LEAST_LABELS
            else f"{wrong:,} wrong predictions, of {LEAST_IN_SLICE} that are needed"
        )
        return SliceSearch((), 0, 0, n, why)
    first = ~confirms
    singles = list(_parts(categories, numbers, first))
    scored = _scored(singles, correct, first)
    pairs = (
        ((*a[0], *b[0]), a[1] & b[1])
        for a, b in combinations([one for _, one in scored[:MOST_PROPOSED]], 2)
        if a[0][0].feature != b[0][0].feature
    )
    both = list(pairs)
    looked_at = len(singles) + len(both)
    # A pair must beat each of its conditions alone: else the plainer one says it better.
    alone = {conditions: score for score, (conditions, _) in scored}
    better = [
        (score, part)
        for score, part in _scored(both, correct, first)
        if score > 1.15 * max(alone.get((one,), 0.0) for one in part[0])
    ]
    ordered = sorted([*scored, *better], key=lambda one: (-one[0], len(one[1][0]), str(one[1][0])))
    proposed: list[_Part] = []
    for _, part in ordered:
        if len(proposed) == MOST_PROPOSED:
            break
        if all(_overlap(part[1], other[1]) < _SAME for other in proposed):
            proposed.append(part)
    found = _confirmed(proposed, correct, confirms)
    cost = sorted(found, key=lambda one: (-_cost(one), str(one.conditions)))
    return SliceSearch(tuple(cost[:limit]), len(proposed), looked_at, n)


_Part = tuple[tuple[Condition, ...], NDArray[np.bool_]]


def _parts(
    categories: Mapping[str, Sequence[str | None]],
    numbers: Mapping[str, NDArray[np.floating]],
    first: NDArray[np.bool_],
) -> Iterator[_Part]:
    """Yield all parts of one condition; where numbers are cut, the proposing half says."""
    for name, values in sorted(categories.items()):
        column = np.array(["" if one is None else f"={one}" for one in values], dtype=object)
        named, counts = np.unique(column[first].astype(str), return_counts=True)
        order = sorted(zip(-counts, named, strict=True))[:_MOST_VALUES]
        for _, value in order:
            if value and len(named) > 1:
                yield (Condition(name, value[1:]),), np.asarray(column == value, dtype=np.bool_)
    for name, column in sorted(numbers.items()):
        known = column[first & ~np.isnan(column)]
        if len(known) < LEAST_IN_SLICE:
            continue
        seen: set[float] = set()
        for cut, at in zip(_CUTS, np.quantile(known, _CUTS), strict=True):
            edge = float(at)
            if edge in seen or not known.min() < edge <= known.max():
                continue
            seen.add(edge)
            if cut < 0.5:
                yield (Condition(name, high=edge),), np.asarray(column < edge)
            else:
                yield (Condition(name, low=edge),), np.asarray(column >= edge)


def _scored(
    parts: Sequence[_Part], correct: NDArray[np.bool_], first: NDArray[np.bool_]
) -> list[tuple[float, _Part]]:
    """Return the parts that are large enough and worse than the rest, with how far, the worst first."""
    least = max(LEAST_IN_SLICE, _LEAST_SHARE * first.sum())
    found = []
    for part in parts:
        inside, outside = part[1] & first, ~part[1] & first
        n, m = int(inside.sum()), int(outside.sum())
        other = int((part[1] & ~first).sum())
        if n < least or other < LEAST_IN_SLICE or m < LEAST_IN_SLICE:
            continue
        here, there = float(correct[inside].mean()), float(correct[outside].mean())
        pooled = float(correct[first].mean())
        deviation = np.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / n + 1 / m))
        score = float((there - here) / deviation)
        if score > 1.0:
            found.append((score, part))
    return sorted(found, key=lambda one: (-one[0], str(one[1][0])))


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else 0.0


def _confirmed(
    proposed: Sequence[_Part], correct: NDArray[np.bool_], confirms: NDArray[np.bool_]
) -> list[FailureSlice]:
    tests = []
    for conditions, member in proposed:
        inside, outside = member & confirms, ~member & confirms
        table = [
            [int((~correct[inside]).sum()), int(correct[inside].sum())],
            [int((~correct[outside]).sum()), int(correct[outside].sum())],
        ]
        (wrong, right), (others_wrong, others_right) = table
        p_value = fisher_exact(wrong, wrong + right, others_wrong, others_wrong + others_right)
        tests.append((p_value, conditions, member, table))
    tests.sort(key=lambda one: (one[0], str(one[1])))
    found: list[FailureSlice] = []
    highest = 0.0
    for place, (p, conditions, member, table) in enumerate(tests):
        highest = max(highest, min(1.0, p * (len(tests) - place)))
        if highest > _LEVEL:
            break
        rows = np.flatnonzero(member)
        found.append(
            FailureSlice(
                conditions, len(rows) / len(correct), _figure(table[0]), _figure(table[1]), highest, rows
            )
        )
    return found


def _figure(counts: Sequence[int]) -> Figure:
    wrong, right = counts
    low, high = wilson_interval(right, right + wrong)
    n = right + wrong
    return Figure(right / n if n else None, float(low), float(high), n)


def _cost(one: FailureSlice) -> float:
    """Return the share of all predictions that would be right if the slice were like the rest."""
    return one.share * ((one.rest.value or 0.0) - (one.accuracy.value or 0.0))
