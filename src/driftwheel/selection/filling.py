"""A selection as it is filled: what is chosen so far, and what may still be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driftwheel.selection.chosen import REASONS, Chosen, Reason
from driftwheel.selection.near_duplicates import Likeness

__all__ = ["Choose", "Filling"]

Rows = NDArray[np.intp]

Choose = Callable[[int, NDArray[np.bool_], NDArray[np.bool_]], tuple[Rows, NDArray[np.float64]]]
"""From how many, the (n,) rows that may be chosen and those that are covered, to rows and their scores."""

_TRIES = 4  # to make up for what near-duplicates took out of a choice


class Filling:
    """Fills a selection reason by reason.

    Attributes
    ----------
    free
        (n,) bool: may still be chosen.
    covered
        (n,) bool: labelled or chosen.
    count
        Chosen so far.
    near_duplicates
        Rows left out since they show nearly the same as one that is covered.
    """

    def __init__(self, covered: NDArray[np.bool_], free: NDArray[np.bool_], alike: Likeness | None) -> None:
        self.free = free & ~covered
        self.covered = covered.copy()
        self.count = 0
        self.near_duplicates = 0
        self._alike = alike
        self._taken: dict[Reason, list[tuple[int, float, float | None]]] = {}

    def take(
        self, reason: Reason, rows: Rows, scores: NDArray[np.float64], probability: float | None = None
    ) -> None:
        """Choose these rows, whatever they are like."""
        own = self._taken.setdefault(reason, [])
        own += [(int(row), float(score), probability) for row, score in zip(rows, scores, strict=True)]
        self.free[rows] = False
        self.covered[rows] = True
        self.count += len(rows)

    def leave_out_near(self, rows: Rows) -> None:
        """Choose nothing from now on that shows nearly the same as one of these."""
        if self._alike is not None and len(rows):
            out = self._alike.near(rows) & self.free
            self.near_duplicates += int(out.sum())
            self.free &= ~out

    def fill(self, reason: Reason, count: int, choose: Choose) -> None:
        """Choose up to `count` rows for a reason, no two nearly the same."""
        for _ in range(_TRIES):
            if count <= 0 or not self.free.any():
                return
            rows, scores = choose(count, self.free, self.covered)
            if not len(rows):
                return
            kept = np.arange(len(rows)) if self._alike is None else self._alike.first_of_each(rows)
            self.take(reason, rows[kept], scores[kept])
            self.leave_out_near(rows[kept])
            count -= len(kept)

    def ranked(self, images: tuple[str, ...]) -> tuple[Chosen, ...]:
        """Return what is chosen, the reasons interleaved so that they end together."""
        order = [
            ((place + 0.5) / len(rows), list(REASONS).index(reason), reason, *one)
            for reason, rows in self._taken.items()
            for place, one in enumerate(rows)
        ]
        return tuple(
            Chosen(images[row], reason, score, rank, probability)
            for rank, (_, _, reason, row, score, probability) in enumerate(sorted(order), start=1)
        )
