"""One way to choose, followed label by label: choose, label, fit the head, measure it; and so on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import driftwheel.learning.fit_embedding_head as fit_module
from driftwheel import selection
from driftwheel.learning.cross_fitted_regression import LEAST_LABELS
from driftwheel.learning.embedding_head import EmbeddingHead
from driftwheel.learning.fit_embedding_head import fit_embedding_head
from driftwheel.selection.badge import badge
from driftwheel.selection.candidates import Candidates
from driftwheel.selection.chosen import Drawn
from driftwheel.selection.clustered import clustered
from driftwheel.selection.holdout import Holdout
from driftwheel.selection.k_centre import k_centre
from driftwheel.selection.k_means_plus_plus import k_means_plus_plus
from driftwheel.selection.margin import margin
from driftwheel.selection.mix import DEFAULT_MIX
from driftwheel.selection.sampled_accuracy import SampledAccuracy
from driftwheel.selection.select import select
from driftwheel.selection.typical import typical
from selection_data import Pool

__all__ = ["BATCH", "MOST", "OWN", "Course", "Rows", "State", "Step", "follow", "kept"]

BATCH = 20
_WATCHED = (100, 200, 400)  # labels at which the head is also measured as it should not be
MOST = 400
"""Labels that a course ends with."""

_OF_THE_MIX = {
    "candidates",
    "chosen",
    "filling",
    "holdout",
    "mix",
    "random_sample",
    "reason_choices",
    "select",
}

Rows = NDArray[np.intp]


@dataclass
class State:
    """What a way to choose may look at."""

    pool: Pool
    labelled: NDArray[np.bool_]
    rng: np.random.Generator
    seed: int
    head: EmbeddingHead | None = None
    scores: NDArray[np.float32] | None = None
    held: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    drawn: tuple[Drawn, ...] = ()
    drift: NDArray[np.float64] | None = None
    elsewhere: NDArray[np.bool_] | None = None

    @property
    def free(self) -> Rows:
        return np.flatnonzero(~self.labelled)


Choose = Callable[[State, int], Rows]


@dataclass(frozen=True)
class Step:
    """The head after some labels.

    Attributes
    ----------
    labels, learnt
        Given so far; of them learnt from.
    accuracy, other
        On the images to measure on, or on those asked for and on the others: the mean of the recalls.
    measured
        What the head says of itself, where something was drawn at random.
    out_of_fold
        The share of all labels learnt from that heads are right on which did not learn from them.
    """

    labels: int
    learnt: int
    accuracy: float
    measured: SampledAccuracy | None
    out_of_fold: float = np.nan
    other: float = np.nan


Course = tuple[Step, ...]


def follow(
    pool: Pool,
    choose: Choose,
    seed: int,
    *,
    most: int = MOST,
    labelled: Rows = (),
    drift: NDArray | None = None,
    tests: NDArray[np.bool_] | None = None,
) -> Course:
    """Follow one way to choose until `most` labels are given; `labelled` are there at the beginning."""
    n = len(pool.labels)
    state = State(pool, np.zeros(n, bool), np.random.default_rng(seed), seed, held=np.zeros(n, bool))
    state.drift = drift
    state.labelled[np.asarray(labelled, dtype=np.intp)] = True
    state.elsewhere = state.labelled.copy()
    head = _fit(state, None)[0] if len(labelled) else None
    state.head, state.scores = head, None if head is None else head.scores(pool.embeddings)
    steps: list[Step] = []
    begin = int(state.labelled.sum())
    while state.labelled.sum() - begin < most:
        rows = choose(state, min(BATCH, most - int(state.labelled.sum() - begin)))
        if not len(rows):
            break
        state.labelled[rows] = True
        fitted, measured = _fit(state, head)
        learnt = int((state.labelled & ~state.held).sum()) - begin
        if fitted is None:
            steps.append(Step(int(state.labelled.sum()) - begin, learnt, np.nan, None))
            continue
        head = fitted
        state.head, state.scores = head, head.scores(pool.embeddings)
        labels = int(state.labelled.sum()) - begin
        every = _out_of_fold(state) if measured is not None and labels in _WATCHED else np.nan
        accuracy = _balanced_accuracy(pool, head, tests)
        other = np.nan if tests is None else _balanced_accuracy(pool, head, ~tests)
        steps.append(Step(labels, learnt, accuracy, measured, every, other))
    return tuple(steps)


def kept(folder: Path, pool: str, way: str, seed: int, make: Callable[[], Course]) -> Course:
    """Return a course that was followed before with the same code, or follow it and keep it."""
    file = folder / f"{hashlib.sha256(f'{pool} {way} {seed} {_code(way)}'.encode()).hexdigest()[:24]}.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(json.dumps([asdict(step) for step in make()]))
        new.replace(file)
    steps = json.loads(file.read_text())
    for step in steps:
        step["measured"] = step["measured"] and SampledAccuracy(**step["measured"])
    return tuple(Step(**step) for step in steps)


@cache
def _code(way: str) -> str:
    """A digest of the code that the courses of one way depend on."""
    here = Path(__file__).parent
    package = Path(selection.__file__).parent
    own = [file for file in package.glob("*.py") if way == "default mix" or file.stem not in _OF_THE_MIX]
    files = [*own, Path(fit_module.__file__), here / "selection_data.py", here / "selection_worker.py"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def _fit(state: State, before: EmbeddingHead | None) -> tuple[EmbeddingHead | None, SampledAccuracy | None]:
    rows = np.flatnonzero(state.labelled)
    learnt = rows[~state.held[rows]]
    if len(learnt) < LEAST_LABELS or len(set(state.pool.labels[learnt])) < 2:
        return None, None
    chances = np.full(len(state.labelled), np.nan)
    for one in state.drawn:
        chances[int(one.image)] = one.probability
    fitted = fit_embedding_head(
        state.pool.embeddings[rows],
        state.pool.labels[rows].astype(str).tolist(),
        seed=0,
        probabilities=chances[rows],
        holdout=state.held[rows],
        before=before,
    )
    return fitted.head, fitted.accuracy if state.drawn else None


def _out_of_fold(state: State) -> float:
    """What one would measure on all labels, as if they were a random sample."""
    rows = np.flatnonzero(state.labelled & ~state.held)
    names = state.pool.labels[rows].astype(str).tolist()
    found = fit_embedding_head(state.pool.embeddings[rows], names, seed=0).accuracy.accuracy
    return np.nan if found is None else found


def _balanced_accuracy(pool: Pool, head: EmbeddingHead, tests: NDArray[np.bool_] | None) -> float:
    rows = np.ones(len(pool.test_labels), bool) if tests is None else tests
    named = np.array(head.classes)[head.scores(pool.test_embeddings[rows]).argmax(axis=1)].astype(int)
    truth = pool.test_labels[rows]
    return float(np.mean([(named[truth == label] == label).mean() for label in np.unique(truth)]))


def _random(state: State, count: int) -> Rows:
    return state.rng.permutation(state.free)[:count]


def _margin(state: State, count: int) -> Rows:
    if state.scores is None:
        return _random(state, count)
    free = state.free
    return free[np.argsort(-margin(state.scores[free]), kind="stable")[:count]]


def _clustered(state: State, count: int) -> Rows:
    if state.scores is None:
        return _random(state, count)
    doubts = margin(state.scores)
    return clustered(state.pool.embeddings, doubts, count, rng=state.rng, eligible=~state.labelled, breadth=4)


def _badge(state: State, count: int) -> Rows:
    if state.scores is None:
        return _random(state, count)
    table = state.pool.embeddings
    return badge(table, state.scores, count, rng=state.rng, eligible=~state.labelled)


def _k_centre(state: State, count: int) -> Rows:
    return k_centre(state.pool.embeddings, count, labelled=state.labelled)


def _k_means_plus_plus(state: State, count: int) -> Rows:
    return k_means_plus_plus(state.pool.embeddings, count, rng=state.rng, labelled=state.labelled)


def _typical(state: State, count: int) -> Rows:
    return typical(state.pool.embeddings, count, rng=state.rng, labelled=state.labelled).rows


def mixed(mix=DEFAULT_MIX, share: float = 0.1) -> Choose:
    """Return the product's own choice by a mix."""

    def choose(state: State, count: int) -> Rows:
        pool = state.pool
        images = [str(row) for row in range(len(pool.labels))]
        doubt = None if state.scores is None else margin(state.scores)
        candidates = Candidates(
            images,
            state.labelled,
            pool.embeddings,
            pool.hashes,
            doubt=doubt,
            drift=state.drift,
            elsewhere=state.elsewhere,
        )
        holdout = Holdout(state.seed.to_bytes(16, "big"), share)
        found = select(candidates, count, holdout=holdout, rng=state.rng, mix=mix)
        rows = np.array([int(one.image) for one in found.chosen], dtype=np.intp)
        held = [int(one.image) for one in found.chosen if one.reason == "holdout"]
        state.held[held] = True
        state.drawn = found.drawn
        return rows

    return choose


OWN: dict[str, Choose] = {
    "random": _random,
    "margin": _margin,
    "doubt, clustered": _clustered,
    "BADGE": _badge,
    "k-centre": _k_centre,
    "k-means++": _k_means_plus_plus,
    "typical": _typical,
    "default mix": mixed(),
}
"""Name → how it chooses. Those that need a model begin at random, but for the mix."""
