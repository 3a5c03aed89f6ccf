"""Typical images: from every part of the pool that has no label yet, the one in its thickest place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.selection.embedding_table import as_rows, as_table, squared_distances_to_nearest
from driftwheel.selection.k_means import k_means

__all__ = ["MOST_CLUSTERS", "Typical", "typical"]

MOST_CLUSTERS = 400
"""A pool is cut into at most this many parts."""

_MOST_ROWS = 10_000  # of a larger pool so many, drawn at random, are cut and chosen from
_NEIGHBOURS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Typical:
    """What `typical` chose.

    Attributes
    ----------
    rows
        Row numbers, the one that stands for the most first.
    shares
        The share of the pool in the part that each stands for, in [0, 1].
    """

    rows: NDArray[np.intp]
    shares: NDArray[np.float64]


def typical(
    embeddings: ArrayLike,
    count: int,
    *,
    rng: np.random.Generator,
    labelled: ArrayLike = (),
    eligible: ArrayLike | None = None,
) -> Typical:
    """Choose images that stand for many others, in parts of the pool that have the fewest labels.

    K-means cuts the pool into as many parts as there are labels and images to choose (at most 400). Parts are
    taken by the number of labels in them, the fewest first, then by size, the largest first; each gives the
    eligible image with the smallest mean distance to its 20 nearest neighbours within the part.

    Parameters
    ----------
    embeddings
        (n, d), finite. Of more than 10,000 images that are not labelled, 10,000 drawn at random are looked
        at.
    count
        How many; fewer come back where fewer are eligible.
    rng
        Draws what is looked at and where k-means begins.
    labelled
        Rows (numbers, or n bools) with a label.
    eligible
        Rows (numbers, or n bools) that may be chosen; all by default. Those labelled never are.

    Raises
    ------
    UsageError
        As `k_centre`.

    Notes
    -----
    The choice when nothing is labelled yet: a model of twenty labels is better for it than for twenty random
    ones, while doubts and outliers help only later. Source: Hacohen, Dekel and Weinshall, "Active learning on
    a budget: opposite strategies suit high and low budgets", ICML 2022 (TypiClust).

    Examples
    --------
    >>> found = typical([[0.0], [0.1], [0.2], [7.0], [7.1]], 2, rng=np.random.default_rng(0))
    >>> found.rows.tolist(), found.shares.tolist()
    ([1, 3], [0.6, 0.4])
    """
    if count < 0:
        raise UsageError(f"{count} images were asked for; expected 0 or more.")
    table = as_table(embeddings)
    n = len(table)
    has_label, free = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    has_label[as_rows(labelled, n, "labelled")] = True
    if eligible is not None:
        free[:] = False
        free[as_rows(eligible, n, "eligible")] = True
    free &= ~has_label
    looked_at = np.flatnonzero(~has_label)
    if len(looked_at) > _MOST_ROWS:
        looked_at = np.sort(rng.choice(looked_at, _MOST_ROWS, replace=False))
    count = min(count, int(free[looked_at].sum()))
    if count == 0:
        return Typical(np.empty(0, dtype=np.intp), np.empty(0))
    known = np.flatnonzero(has_label)
    if len(known) > _MOST_ROWS:
        known = np.sort(rng.choice(known, _MOST_ROWS, replace=False))
    rows = np.concatenate((looked_at, known))
    parts = min(len(known) + count, MOST_CLUSTERS, len(rows))
    part, _ = k_means(table[rows], parts, rng=rng)
    labels = np.bincount(part[len(looked_at) :], minlength=parts)
    sizes = np.bincount(part, minlength=parts)
    members = [rows[: len(looked_at)][part[: len(looked_at)] == one] for one in range(parts)]
    queues = [_thickest_first(table, own, own[free[own]]) for own in members]
    chosen: list[int] = []
    shares: list[float] = []
    while len(chosen) < count:
        open_parts = [one for one in range(parts) if queues[one]]
        fewest = min(int(labels[one]) for one in open_parts)
        order = sorted((one for one in open_parts if labels[one] == fewest), key=lambda one: -sizes[one])
        for one in order[: count - len(chosen)]:
            chosen.append(queues[one].pop(0))
            shares.append(float(sizes[one]) / len(rows))
            labels[one] += 1
    return Typical(np.array(chosen, dtype=np.intp), np.array(shares))


def _thickest_first(
    table: NDArray[np.float32], members: NDArray[np.intp], free: NDArray[np.intp]
) -> list[int]:
    """Return the free members of a part, those with the nearest neighbours first; ties by row number."""
    if len(free) < 2 or len(members) < 2:
        return [int(row) for row in free]
    if len(members) > 2000:  # a part this large is told by its middle: distances of all pairs cost too much
        middle = table[members].mean(axis=0, keepdims=True)
        apart = squared_distances_to_nearest(table[free], middle)
        return [int(row) for row in free[np.argsort(apart, kind="stable")]]
    own = table[members]
    crossed = table[free] @ own.T
    squares = np.einsum("ij,ij->i", own, own)
    apart = squares[None] - 2 * crossed + np.einsum("ij,ij->i", table[free], table[free])[:, None]
    k = min(_NEIGHBOURS, len(members) - 1)
    nearest = np.sqrt(np.maximum(np.partition(apart, k, axis=1)[:, : k + 1], 0.0))
    return [int(row) for row in free[np.argsort(nearest.sum(axis=1), kind="stable")]]
