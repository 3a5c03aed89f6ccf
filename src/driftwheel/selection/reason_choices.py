"""How each reason chooses from what is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.selection.candidates import Candidates
from driftwheel.selection.chosen import Reason
from driftwheel.selection.clustered import clustered
from driftwheel.selection.filling import Choose
from driftwheel.selection.typical import typical

__all__ = ["BREADTHS", "chance", "reason_choices"]

Rows = NDArray[np.intp]

BREADTHS: dict[Reason, float] = {"feedback": 2.0, "drift": 4.0, "disagreement": 4.0, "doubt": 4.0}
"""So many times the number wanted, of the highest worth, are looked at for such that differ."""


def reason_choices(candidates: Candidates, rng: np.random.Generator) -> dict[Reason, Choose]:
    """Return how to choose, for each reason that something is known for.

    Worth needs at least one number above 0, typical images need embeddings. Without embeddings, worth is
    taken from the top.
    """
    found: dict[Reason, Choose] = {}
    worths: dict[Reason, NDArray[np.floating] | None] = {
        "feedback": candidates.feedback,
        "drift": candidates.drift,
        "disagreement": candidates.disagreement,
        "doubt": candidates.doubt,
    }
    for reason, worth in worths.items():
        if worth is not None and (np.nan_to_num(worth) > 0).any():
            found[reason] = _by_worth(candidates, np.asarray(worth, np.float64), BREADTHS[reason], rng)
    if candidates.embeddings is not None:
        found["typical"] = _typical(candidates.embeddings, rng)
    return found


def chance(rng: np.random.Generator) -> Choose:
    """Return how to choose by chance; the score is 0."""

    def choose(count: int, free: NDArray[np.bool_], _: NDArray[np.bool_]) -> tuple[Rows, NDArray[np.float64]]:
        rows = rng.permutation(np.flatnonzero(free))[:count]
        return rows, np.zeros(len(rows))

    return choose


def _by_worth(
    candidates: Candidates, worth: NDArray[np.float64], breadth: float, rng: np.random.Generator
) -> Choose:
    places = np.zeros((len(worth), 1)) if candidates.embeddings is None else candidates.embeddings
    if candidates.embeddings is None:
        breadth = 1.0

    def choose(count: int, free: NDArray[np.bool_], _: NDArray[np.bool_]) -> tuple[Rows, NDArray[np.float64]]:
        rows = clustered(places, worth, count, rng=rng, eligible=free, breadth=breadth)
        return rows, worth[rows]

    return choose


def _typical(embeddings: NDArray[np.floating], rng: np.random.Generator) -> Choose:
    def choose(
        count: int, free: NDArray[np.bool_], covered: NDArray[np.bool_]
    ) -> tuple[Rows, NDArray[np.float64]]:
        found = typical(embeddings, count, rng=rng, labelled=covered, eligible=free)
        return found.rows, found.shares

    return choose
