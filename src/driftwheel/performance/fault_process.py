"""How accuracy moves with scores, from fault to fault: a Gaussian process with a slope for every fault."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from driftwheel.performance.moved_scores import log_odds
from driftwheel.performance.simulated_windows import DRAWN, SimulatedWindows

__all__ = ["FaultProcess", "Foretold", "fit_process", "foretell", "misfits"]

SHARED_SLOPE = 0.4
"""Standard deviation of what moved scores do to the log-odds of accuracy, whatever the fault."""

FAULT_SLOPE = 0.35
"""Of what one fault does more or less than others."""

FAULT_OFFSET = 0.1
"""Of what a fault does that scores do not show at all."""

BEND, BEND_LENGTH = 0.15, 0.5
"""Of what is not in proportion, and over which distance of moved scores it changes."""


@dataclass(frozen=True, slots=True, eq=False)
class FaultProcess:
    """What was learned from simulated windows.

    Attributes
    ----------
    windows
        Those it was learned from.
    accuracy
        Of the reference.
    """

    windows: SimulatedWindows
    accuracy: float
    n_reference: int
    _root: tuple[NDArray[np.float64], bool] = field(repr=False)
    _weights: NDArray[np.float64] = field(repr=False)

    @property
    def base(self) -> float:
        """Log-odds of the reference's accuracy."""
        return log_odds(self.accuracy, self.n_reference)


@dataclass(frozen=True, slots=True)
class Foretold:
    """The accuracy under a fault that was not simulated, in log-odds: normal."""

    mean: float
    deviation: float


def fit_process(windows: SimulatedWindows, accuracy: float, n_reference: int) -> FaultProcess:
    """Return what simulated windows tell of how accuracy moves with scores.

    Log-odds of accuracy = those of the reference + slope · moved scores + a bend that all faults share + for
    every fault a slope and an offset of its own + what drawing answers leaves to chance. All of these
    are normal around 0, with the deviations above, which were chosen on the networks and faults of
    ``bench/accuracy.py``. So where no fault was simulated the process says what faults did to those.

    Source: Rasmussen and Williams, "Gaussian processes for machine learning", MIT Press 2006, section 2.2.
    """
    covariance = _shared(windows.moved, windows.moved) + _own(windows) + np.diag(windows.chance + 1e-6)
    root = cho_factor(covariance, lower=True)
    base = log_odds(accuracy, n_reference)
    moved_by = np.array([log_odds(float(one), DRAWN) for one in windows.accuracy]) - base
    return FaultProcess(windows, accuracy, n_reference, root, cho_solve(root, moved_by))


def foretell(process: FaultProcess, moved: NDArray[np.float64]) -> Foretold:
    """Return the accuracy in a window whose scores moved so, (3,), under a fault that is none of those known.

    How unsure the accuracy of the reference is, from its number of answers, is in the deviation.
    """
    k = _shared(moved[None], process.windows.moved)[0]
    alone = BEND**2 + (SHARED_SLOPE**2 + FAULT_SLOPE**2) * float(moved @ moved) + FAULT_OFFSET**2
    variance = alone - float(k @ cho_solve(process._root, k))
    accuracy, n = process.accuracy, process.n_reference
    of_reference = 1 / (n * accuracy * (1 - accuracy) + 0.5)
    mean = float(k @ process._weights) + process.base
    return Foretold(mean, float(np.sqrt(max(variance, 1e-9) + of_reference)))


def misfits(windows: SimulatedWindows, accuracy: float, n_reference: int) -> list[NDArray[np.float64]]:
    """Return for each fault how far off its windows are from what all others foretell, in deviations."""
    found = []
    for fault in range(len(windows.names)):
        left = np.flatnonzero(windows.fault == fault)
        kept = np.flatnonzero(windows.fault != fault)
        process = fit_process(_taken(windows, kept), accuracy, n_reference)
        off = []
        for row in left:
            share = float(windows.accuracy[row])
            foretold = foretell(process, windows.moved[row])
            deviation = np.sqrt(foretold.deviation**2 + windows.chance[row])
            off.append(abs(log_odds(share, DRAWN) - foretold.mean) / deviation)
        found.append(np.array(off))
    return found


def _taken(windows: SimulatedWindows, rows: NDArray[np.intp]) -> SimulatedWindows:
    moved, accuracy, fault = windows.moved[rows], windows.accuracy[rows], windows.fault[rows]
    return SimulatedWindows(moved, accuracy, fault, windows.names, windows.chance[rows])


def _shared(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what two sets of windows of different faults have in common."""
    apart = ((one[:, None] - other[None]) ** 2).sum(axis=2) / BEND_LENGTH**2
    together: NDArray[np.float64] = BEND**2 * np.exp(-apart / 2) + SHARED_SLOPE**2 * one @ other.T
    return together


def _own(windows: SimulatedWindows) -> NDArray[np.float64]:
    """Return what windows of one fault have in common beyond that."""
    same = windows.fault[:, None] == windows.fault[None]
    together: NDArray[np.float64] = same * (
        FAULT_SLOPE**2 * windows.moved @ windows.moved.T + FAULT_OFFSET**2
    )
    return together
