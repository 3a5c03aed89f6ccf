"""Divide labelled images into train, validation and test: groups stay together, classes keep their shares."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwheel.datasets.example import SPLITS
from driftwheel.errors import UsageError

__all__ = ["LEFT_OUT", "UNDECIDED", "SplitShares", "assign_splits", "positions"]

UNDECIDED: Final = -1
"""In place of a split's number: it is still to be chosen."""

LEFT_OUT: Final = -2
"""In place of a split's number: the image can be in none."""

_TRAIN, _VALIDATION, _TEST = range(3)  # places in SPLITS
_STRONGER = (_TEST, _VALIDATION, _TRAIN)  # what has been measured on is not learnt from later


@dataclass(frozen=True, slots=True)
class SplitShares:
    """Shares of the images, in [0, 1], that add up to 1.

    Raises
    ------
    UsageError
        When they do not, or nothing would be learnt from.
    """

    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        shares = self.shares
        if not all(0 <= one <= 1 for one in shares) or abs(sum(shares) - 1) > 1e-9 or not self.train:
            raise UsageError(
                f"The shares of train, validation and test are {self.train:g}, {self.validation:g} and "
                f"{self.test:g}; give three from 0 to 1 that add up to 1, the first above 0."
            )

    @property
    def shares(self) -> tuple[float, float, float]:
        """In the order of `SPLITS`."""
        return (self.train, self.validation, self.test)


def positions(names: Iterable[str], seed: int) -> NDArray[np.float64]:
    """Return the (n,) places in [0, 1) of n names: as good as drawn at random, and always the same.

    A place follows from name and seed alone, so that one name more or less moves no other (permanent random
    numbers, as in `driftwheel.selection.holdout`).

    Examples
    --------
    >>> positions(["a", "b"], 0).round(3)
    array([0.496, 0.929])
    """
    key = seed.to_bytes(16, "big", signed=True)
    digests = (
        hashlib.blake2b(name.encode(), digest_size=8, key=key, person=b"split").digest() for name in names
    )
    return np.array([(int.from_bytes(one, "big") >> 11) / 2**53 for one in digests], dtype=np.float64)


def assign_splits(
    groups: NDArray[np.integer],
    strata: NDArray[np.integer],
    places: NDArray[np.float64],
    shares: SplitShares,
    *,
    given: NDArray[np.integer] | None = None,
    holdout: NDArray[np.bool_] | None = None,
) -> NDArray[np.int8]:
    """Return the number in `SPLITS` of each of n images, or `LEFT_OUT`.

    In this order:

    1. An image with a split that is `given` keeps it. An image without one follows its group: test where one
       of the group is in test, else validation, else train. So what an earlier version measured on is never
       learnt from in a later one.
    2. A group without one that has an image of the `holdout` is in test, as a whole.
    3. All others are free. Groups of several images go first, the largest first, each to where the counts of
       its classes are missing most; single images then fill up what is missing of their class.

    An image of the holdout is in test or left out: where its group is learnt from already, it is in none.

    Parameters
    ----------
    groups
        (n,) number of the group of each image, from 0. A group of its own for each: images are split alone.
    strata
        (n,) number of the class of each image, from 0: of each class, shares are kept.
    places
        (g,) `positions` of the groups: the order in which equal ones are taken.
    shares
        Wanted. Kept to ±1 image a class where images are free and alone; large groups and given splits bend
        them.
    given
        (n,) number of a split, or `UNDECIDED`. None: all are.
    holdout
        (n,) whether an image is never learnt from. None: none is.

    Notes
    -----
    A group of counts c goes where Σ (n + c − t)² / t grows least, with the counts n that are there and the
    wanted t = share × count of the class: the χ² of the table of splits by classes. Ties go to the larger
    share. 100,000 images in groups of their own take 0.1 s, in pairs 1 s.

    Examples
    --------
    >>> groups, strata = np.arange(8), np.zeros(8, int)
    >>> found = assign_splits(groups, strata, positions("abcdefgh", 0), SplitShares(0.5, 0.25, 0.25))
    >>> np.bincount(found).tolist()
    [4, 2, 2]
    """
    n = len(groups)
    splits = np.full(n, UNDECIDED, np.int8) if given is None else np.asarray(given).astype(np.int8)
    held = np.zeros(n, np.bool_) if holdout is None else np.asarray(holdout)
    splits[held & (splits >= 0) & (splits != _TEST)] = LEFT_OUT
    of_group = _of_groups(groups, splits, held, len(places))
    follows = (splits == UNDECIDED) & (of_group[groups] >= 0)
    splits[follows] = of_group[groups[follows]]
    splits[held & (splits >= 0) & (splits != _TEST)] = LEFT_OUT
    free = np.flatnonzero(splits == UNDECIDED)
    counted = splits != LEFT_OUT
    wanted = np.outer(shares.shares, np.bincount(strata[counted], minlength=int(strata.max(initial=0)) + 1))
    there = np.zeros_like(wanted)
    fixed = splits >= 0
    np.add.at(there, (splits[fixed], strata[fixed]), 1)
    if free.size:
        sizes = np.bincount(groups[free], minlength=len(places))
        alone = free[sizes[groups[free]] == 1]
        _place_groups(
            np.setdiff1d(free, alone, assume_unique=True), groups, strata, places, splits, wanted, there
        )
        _place_single(alone, strata, places[groups[alone]], splits, wanted, there)
    return splits


def _of_groups(
    groups: NDArray[np.integer], splits: NDArray[np.int8], held: NDArray[np.bool_], count: int
) -> NDArray[np.int8]:
    """Return the split that the images without one of each group follow; `UNDECIDED` where it is free."""
    found = np.full(count, UNDECIDED, np.int8)
    found[groups[held & (splits == UNDECIDED)]] = _TEST
    for split in reversed(_STRONGER):
        found[groups[splits == split]] = split
    return found


def _place_groups(  # noqa: PLR0917  fills `splits` and `there`
    rows: NDArray[np.intp],
    groups: NDArray[np.integer],
    strata: NDArray[np.integer],
    places: NDArray[np.float64],
    splits: NDArray[np.int8],
    wanted: NDArray[np.float64],
    there: NDArray[np.float64],
) -> None:
    if not rows.size:
        return
    rows = rows[np.argsort(groups[rows], kind="stable")]
    begins = np.flatnonzero(np.r_[True, np.diff(groups[rows]) != 0])
    sizes = np.diff(np.r_[begins, len(rows)])
    own = places[groups[rows[begins]]]
    possible = [int(s) for s in np.argsort(-wanted.sum(axis=1), kind="stable") if wanted[s].any()]
    of_row, goal, now = strata[rows].tolist(), wanted.tolist(), there.tolist()  # lists: there may be many
    for group in np.lexsort((own, -sizes)).tolist():
        begin, end = int(begins[group]), int(begins[group] + sizes[group])
        counts = Counter(of_row[begin:end]).items()
        costs = [
            sum(n * (2 * (now[s][k] - goal[s][k]) + n) / goal[s][k] for k, n in counts) for s in possible
        ]
        chosen = possible[costs.index(min(costs))]
        for stratum, count in counts:
            now[chosen][stratum] += count
        splits[rows[begin:end]] = chosen
    there[:] = now


def _place_single(  # noqa: PLR0917  fills `splits` and `there`
    rows: NDArray[np.intp],
    strata: NDArray[np.integer],
    places: NDArray[np.float64],
    splits: NDArray[np.int8],
    wanted: NDArray[np.float64],
    there: NDArray[np.float64],
) -> None:
    """Fill up each class; what rounding gives one split too much in a class, it gets less in the next."""
    owed = np.zeros(len(SPLITS))
    for stratum in np.unique(strata[rows]):
        own = rows[strata[rows] == stratum]
        own = own[np.argsort(places[strata[rows] == stratum], kind="stable")]
        missing = np.maximum(wanted[:, stratum] - there[:, stratum], 0)
        ideal = missing * (len(own) / missing.sum())
        quotas = _rounded(np.maximum(ideal + np.where(missing > 0, owed, 0), 0), len(own))
        owed += ideal - quotas
        there[:, stratum] += quotas
        begin = 0
        for split in _STRONGER:
            splits[own[begin : begin + quotas[split]]] = split
            begin += quotas[split]


def _rounded(wanted: NDArray[np.float64], total: int) -> NDArray[np.intp]:
    """Return whole numbers that add up to `total`, by the largest remainders; ties go to test, validation."""
    scaled = wanted * (total / wanted.sum()) if wanted.sum() else np.array([total, 0.0, 0.0])
    whole = np.floor(scaled + 1e-9).astype(np.intp)
    remainders = scaled - whole
    missing = total - int(whole.sum())
    for split in sorted(range(len(SPLITS)), key=lambda one: (-round(float(remainders[one]), 9), -one))[
        :missing
    ]:
        whole[split] += 1
    return whole
