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
    """

    moved: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    fault: NDArray[np.intp]
    names: tuple[str, ...]


def simulate_windows(
    usual: UsualScores,
    reference: KnownAnswers,
    shifts: Sequence[SimulatedShift],
    rng: np.random.Generator,
) -> SimulatedWindows:
    """Return windows of 1,000 answers drawn from a reference and from simulated shifts of it.

    Without a fault: 5, and 20 more with shares of the true classes drawn at random. With each shift: one in
    which all images have it, and one in which half have.
    """
    moved, accuracy, faults = [], [], []
    for fault, window in _windows(reference, shifts, rng):
        moved.append(moved_scores(usual, window))
        accuracy.append(float(window.correct.mean()))
        faults.append(fault)
    names = tuple(dict.fromkeys(faults))
    number = {name: i for i, name in enumerate(names)}
    return SimulatedWindows(
        np.array(moved),
        np.array(accuracy),
        np.array([number[one] for one in faults], dtype=np.intp),
        names,
    )


def _windows(
    reference: KnownAnswers, shifts: Sequence[SimulatedShift], rng: np.random.Generator
) -> Iterator[tuple[str, KnownAnswers]]:
    n = len(reference)
    for _ in range(_REPEATED):
        yield _UNCHANGED, reference.take(rng.integers(n, size=DRAWN))
    classes, column = np.unique(reference.truth, return_inverse=True)
    counts = np.bincount(column)
    for turn in range(_MIXES):
        shares = rng.dirichlet(np.full(len(classes), _CONCENTRATIONS[turn % len(_CONCENTRATIONS)]))
        weights = (shares / counts)[column]
        yield _MIXED, reference.take(rng.choice(n, size=DRAWN, p=weights / weights.sum()))
    for shift in shifts:
        for share in _SHARES:
            faulty = round(share * DRAWN)
            yield (
                shift.fault,
                _together(
                    shift.answers.take(rng.integers(len(shift.answers), size=faulty)),
                    reference.take(rng.integers(n, size=DRAWN - faulty)),
                ),
            )


def _together(one: KnownAnswers, other: KnownAnswers) -> KnownAnswers:
    return KnownAnswers(
        np.concatenate([one.confidence, other.confidence]),
        np.concatenate([one.predicted, other.predicted]),
        np.concatenate([one.truth, other.truth]),
    )
