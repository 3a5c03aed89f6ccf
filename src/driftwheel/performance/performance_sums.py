"""What performance is measured from: predictions counted by score, those with a label by what is true.

Merge law: every number is a count or an exact sum in whole units, and they add; the sums of no predictions
are the empty element. So a month is the sum of its days, and nobody reads its records again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EDGES",
    "MOST_CLASSES",
    "NO_SCORE",
    "ROC_BINS",
    "UNITS",
    "Cell",
    "How",
    "PerformanceSums",
    "ScoreSums",
    "SummedPrediction",
    "Tally",
    "merge_sums",
    "score_bin",
    "sum_predictions",
]

How = Literal["", "told", "sampled", "chosen"]
"""How a prediction came to its label: it has none; it was told as truths come in; its image was drawn at
random with a known chance; it was chosen for what it shows, and stands for no other."""

EDGES = (*(n / 20 for n in range(20)), 0.96, 0.97, 0.98, 0.99, 0.995, 0.999)
"""Lower ends of the bins of scores; the last ends with 1."""

NO_SCORE = -1
"""Bin of predictions without a score of the class that was named."""

UNITS = 10**6
"""Sums of scores, losses and weights are kept in whole parts of 1 / UNITS, so that they add exactly."""

ROC_BINS = 256
"""Bins of scores, equal in log-odds from −12 to 12, that areas under ROC curves are told from."""

MOST_CLASSES = 50
"""With more classes no areas under ROC curves are kept."""

_LEAST_SCORE = float(np.finfo(np.float32).eps)  # of the true class, in the log loss
_LEAST_CHANCE = 1e-4  # to be drawn: so that sums of squared weights fit into 64 bits
_FARTHEST = 12.0  # log-odds


class Cell(NamedTuple):
    """Predictions that count alike; of those without a label `said` and `true` are empty."""

    version: str
    bin: int
    how: How
    said: str
    true: str


class Tally(NamedTuple):
    """How many predictions a cell has, and the sums of their scores, weights and squared weights in units."""

    n: int
    scores: int
    weights: int
    squares: int


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSums:
    """What the scores of all classes say beside what is true, of labelled predictions that have them.

    Attributes
    ----------
    n
        Of them.
    losses, squares
        Sums of −log(score of the true class), and of its square, in units.
    roc
        Class → (2, 256) scores of that class where it is not true, and where it is.
    """

    n: int = 0
    losses: int = 0
    squares: int = 0
    roc: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PerformanceSums:
    """The sums of some predictions.

    Attributes
    ----------
    cells
        Which predictions → how many.
    scored
        (Version, how) → what their scores say.
    """

    cells: Mapping[Cell, Tally] = field(default_factory=dict)
    scored: Mapping[tuple[str, How], ScoreSums] = field(default_factory=dict)

    @property
    def predictions(self) -> int:
        """How many, with a label or without."""
        return sum(one.n for one in self.cells.values())

    @property
    def labels(self) -> int:
        """How many of them have a label."""
        return sum(one.n for cell, one in self.cells.items() if cell.how)

    @property
    def versions(self) -> tuple[str, ...]:
        """The model versions that predicted."""
        return tuple(sorted({cell.version for cell in self.cells}))

    def of_version(self, version: str) -> PerformanceSums:
        """Return the sums of the predictions of one version."""
        return PerformanceSums(
            {cell: one for cell, one in self.cells.items() if cell.version == version},
            {key: one for key, one in self.scored.items() if key[0] == version},
        )


@dataclass(frozen=True, slots=True)
class SummedPrediction:
    """A prediction to be counted.

    Attributes
    ----------
    version
        Of the model.
    said
        The class that was named.
    scores
        Class → 0…1, as many as were logged.
    how, true
        How it came to its label, and the true class; empty without one.
    probability
        The chance in (0, 1] that it had to be drawn, of one that was; below 1 in 10,000 it counts as that.
    """

    version: str
    said: str
    scores: Mapping[str, float]
    how: How = ""
    true: str = ""
    probability: float = 1.0


def score_bin(score: float | None) -> int:
    """Return the place in `EDGES` of the bin of a score; `NO_SCORE` for none.

    Examples
    --------
    >>> score_bin(0.0), score_bin(0.97), score_bin(1.0), score_bin(None)
    (0, 21, 25, -1)
    """
    return NO_SCORE if score is None else int(np.searchsorted(EDGES, score, side="right")) - 1


def sum_predictions(rows: Iterable[SummedPrediction], *, classes: Sequence[str] = ()) -> PerformanceSums:
    """Return the sums of predictions.

    Parameters
    ----------
    classes
        Of the model; a class that an answer gives no score for has 0, where it gives any but that of the
        class that was named. Empty, or more than `MOST_CLASSES`: no areas under ROC curves can be told.

    Examples
    --------
    >>> rows = [SummedPrediction("v1", "cat", {"cat": 0.9}, "told", "cat"), SummedPrediction("v1", "dog", {})]
    >>> found = sum_predictions(rows)
    >>> found.predictions, found.labels
    (2, 1)
    """
    cells: dict[Cell, Tally] = {}
    labelled: dict[tuple[str, How], list[SummedPrediction]] = {}
    for row in rows:
        score = row.scores.get(row.said)
        place = score_bin(score)
        if row.how:
            cell = Cell(row.version, place, row.how, row.said, row.true)
            weight = 1.0 / max(row.probability, _LEAST_CHANCE) if row.how == "sampled" else 1.0
            if len(row.scores) > 1:
                labelled.setdefault((row.version, row.how), []).append(row)
        else:
            cell, weight = Cell(row.version, place, "", "", ""), 1.0
        new = Tally(1, _units(score or 0.0), _units(weight), _units(weight**2))
        cells[cell] = _added(cells[cell], new) if cell in cells else new
    return PerformanceSums(cells, {key: _scored(its, classes) for key, its in labelled.items()})


def merge_sums(parts: Iterable[PerformanceSums]) -> PerformanceSums:
    """Return the sums of the predictions of all parts; of none the empty one."""
    cells: dict[Cell, Tally] = {}
    scored: dict[tuple[str, How], ScoreSums] = {}
    for part in parts:
        for cell, tally in part.cells.items():
            cells[cell] = _added(cells[cell], tally) if cell in cells else tally
        for key, its in part.scored.items():
            scored[key] = _together(scored[key], its) if key in scored else its
    return PerformanceSums(cells, scored)


def _units(value: float) -> int:
    return round(value * UNITS)


def _added(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.n + other.n,
        one.scores + other.scores,
        one.weights + other.weights,
        one.squares + other.squares,
    )


def _scored(rows: Sequence[SummedPrediction], classes: Sequence[str]) -> ScoreSums:
    losses = [-math.log(min(max(row.scores.get(row.true, 0.0), _LEAST_SCORE), 1.0)) for row in rows]
    roc: dict[str, NDArray[np.int64]] = {}
    for name in classes if len(classes) <= MOST_CLASSES else ():
        scores = np.array([row.scores.get(name, 0.0) for row in rows])
        true = np.array([row.true == name for row in rows])
        with np.errstate(divide="ignore"):
            odds = np.log(scores) - np.log1p(-np.minimum(scores, 1.0 - 1e-9))
        places = np.clip((odds + _FARTHEST) / (2 * _FARTHEST) * ROC_BINS, 0, ROC_BINS - 1).astype(np.intp)
        roc[name] = np.array(
            [np.bincount(places[true == is_so], minlength=ROC_BINS) for is_so in (False, True)], np.int64
        )
    return ScoreSums(len(rows), sum(map(_units, losses)), sum(_units(one**2) for one in losses), roc)


def _together(one: ScoreSums, other: ScoreSums) -> ScoreSums:
    names = {**one.roc, **other.roc}
    roc = {
        name: one.roc[name] + other.roc[name] if name in one.roc and name in other.roc else names[name]
        for name in names
    }
    return ScoreSums(one.n + other.n, one.losses + other.losses, one.squares + other.squares, roc)
