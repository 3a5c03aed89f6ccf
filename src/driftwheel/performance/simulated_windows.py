"""Windows made of labelled answers on purpose: other mixes of classes, simulated faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.performance.answers import KnownAnswers
from driftwheel.performance.moved_scores import UsualScores, moved_scores

__all__ = ["DRAWN", "SimulatedShift", "SimulatedWindows", "simulate_windows"]

DRAWN = 1000
"""Answers drawn for each window, with replacement."""

_UNCHANGED, _MIXED = "no shift", "class mix"
_REPEATED, _MIXES = 5, 20
_CONCENTRATIONS = (0.3, 1.0, 5.0)  # of the Dirichlet draws: a few classes only, any mix, nearly equal shares
_SHARES = (1.0, 0.5)  # of the window's images that have the fault


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedShift:
    """What a model said of images of the reference that were given a fault.

    Attributes
    ----------
    fault
        Its name; shifts of one name (a fault at several severities) count as one kind of fault.
    answers
        With the truth, which the fault does not change.
    """

    fault: str
    answers: KnownAnswers


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedWindows:
    """What became of the accuracy in windows whose scores moved so.

    Attributes
    ----------
    moved
        (w, 3) as `moved_scores` gives them.
    accuracy
        (w,) share of right answers.
    fault
        (w,) number of the fault; those without a fault, and those with another mix of classes, count as one
        each.
    names
        Of the faults, by their numbers.
    chance
        (w,) variance of the log-odds of the accuracy that drawing leaves to chance: the window's 1,000
        answers, and the images that the fault was simulated on.
    """

    moved: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    fault: NDArray[np.intp]
    names: tuple[str, ...]
    chance: NDArray[np.float64]


def simulate_windows(
    usual: UsualScores,
    reference: KnownAnswers,
    shifts: Sequence[SimulatedShift],
    rng: np.random.Generator,
) -> SimulatedWindows:
    """Return windows of 1,000 answers drawn from a reference and from simulated shifts of it.

    Without a fault: 5, and 20 more with shares of the true classes that the model names drawn at random. With
    each shift: one in which all images have it, and one in which half have.
    """
    moved, accuracy, faults, unsure = [], [], [], []
    for fault, window, behind in _windows(reference, shifts, rng):
        moved.append(moved_scores(usual, window))
        accuracy.append(float(window.correct.mean()))
        faults.append(fault)
        unsure.append(_chance(accuracy[-1], DRAWN) + _chance(accuracy[-1], behind))
    names = tuple(dict.fromkeys(faults))
    number = {name: i for i, name in enumerate(names)}
    return SimulatedWindows(
        np.array(moved),
        np.array(accuracy),
        np.array([number[one] for one in faults], dtype=np.intp),
        names,
        np.array(unsure),
    )


def _chance(share: float, n: float) -> float:
    return 1 / (n * share * (1 - share) + 0.5) if np.isfinite(n) else 0.0


def _windows(
    reference: KnownAnswers, shifts: Sequence[SimulatedShift], rng: np.random.Generator
) -> Iterator[tuple[str, KnownAnswers, float]]:
    """Yield fault, window, and how many answers make its fault unsure: infinite for what is of the reference.

    How unsure the reference itself is belongs to what is foretold, not to what one window tells.
    """
    n = len(reference)
    for _ in range(_REPEATED):
        yield _UNCHANGED, reference.take(rng.integers(n, size=DRAWN)), np.inf
    for turn in range(_MIXES):
        weights = _mixed(reference, _CONCENTRATIONS[turn % len(_CONCENTRATIONS)], rng)
        yield _MIXED, reference.take(rng.choice(n, size=DRAWN, p=weights)), np.inf
    for shift in shifts:
        for share in _SHARES:
            faulty = round(share * DRAWN)
            yield (
                shift.fault,
                _together(
                    shift.answers.take(rng.integers(len(shift.answers), size=faulty)),
                    reference.take(rng.integers(n, size=DRAWN - faulty)),
                ),
                len(shift.answers) / share**2,
            )


def _mixed(reference: KnownAnswers, concentration: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a chance for each answer with which the true classes come in other shares.

    Those that the model never names keep theirs together: that they become common is no other mix.
    """
    named = np.isin(reference.truth, reference.predicted)
    weights = np.full(len(reference), 1 / len(reference))
    if named.any():
        _, column, counts = np.unique(reference.truth[named], return_inverse=True, return_counts=True)
        shares = rng.dirichlet(np.full(len(counts), concentration))
        weights[named] = named.mean() * (shares / counts)[column]
    mixed: NDArray[np.float64] = weights / weights.sum()
    return mixed


def _together(one: KnownAnswers, other: KnownAnswers) -> KnownAnswers:
    return KnownAnswers(
        np.concatenate([one.confidence, other.confidence]),
        np.concatenate([one.predicted, other.predicted]),
        np.concatenate([one.truth, other.truth]),
    )
