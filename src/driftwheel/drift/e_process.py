"""The e-process of a model: evidence of drift added up from window to window, valid whenever it is looked at.

A change too weak for any single window shows in many of them. Each window's p-value is a bet against "nothing
has changed"; the capital of the bets, begun anew at every window, is a Shiryaev-Roberts e-detector: without
drift it reaches a threshold c no sooner than after c windows on average, however long one watches and
whatever was seen before. So the threshold follows from the model's dial alone.

Assumed of windows without drift: given the windows before, P(p ≤ u) ≤ u^(1/θ) for every u. With exact and
independent p-values θ = 1. Those of real cameras are neither: the days of a week resemble each other, and all
are held against one and the same reference, whose own luck shows in every window. So θ is never taken below
`DISCOUNT`, and is learnt from the windows themselves: where a model's usual windows surprise more than they
should, their p-values count for less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from driftwheel.drift.rules import alpha_for
from driftwheel.errors import UsageError

__all__ = [
    "BETS",
    "DISCOUNT",
    "EProcess",
    "advance",
    "began",
    "capital",
    "e_process_from_json",
    "e_process_to_json",
    "threshold_for",
]

BETS = (0.6, 0.35, 0.2)
"""Each bet κ pays κ p^(κ−1) on a window: the best there is where −ln p has the mean 1/κ instead of 1."""

DISCOUNT = 1.25
"""θ is at least this; `advance` takes the p-value p as p^(1/θ)."""

_PRIOR_WINDOWS = 20.0  # how many windows `DISCOUNT`, as the first guess of θ, is worth
_WAIT = 14  # windows pass before one is learnt from, so that a drift is found before it is taken as usual
_MEMORY = 120.0  # windows that θ is learnt from, about: older ones fade
_LEAST = 1e-6  # p-values below count as this, as `tail.LEAST_P_VALUE`


@dataclass(frozen=True, slots=True)
class EProcess:
    """What is carried from window to window; `EProcess()` before the first.

    Attributes
    ----------
    capitals
        Of each of `BETS`, from 1 a window put in; the evidence is their mean, see `capital`.
    runs
        Of each bet, the sum of the logarithms of what it paid since that was last below 0.
    starts
        When each of these runs began; None while it is 0.
    surprise
        Mean of −ln p over past windows without drift, weighted: about 1 where p-values are exact.
    learnt
        How many windows `surprise` rests on, the fading ones in proportion.
    waiting
        −ln p of the newest windows, the oldest first, which nothing is learnt from yet.
    windows
        How many were taken in since it last began anew.
    newest
        Start of the newest window that was taken in or passed over; None before the first.
    since
        While drift is found: when it is estimated to have begun; else None.
    """

    capitals: tuple[float, ...] = (0.0,) * len(BETS)
    runs: tuple[float, ...] = (0.0,) * len(BETS)
    starts: tuple[datetime | None, ...] = (None,) * len(BETS)
    surprise: float = 1.0
    learnt: float = 0.0
    waiting: tuple[float, ...] = ()
    windows: int = 0
    newest: datetime | None = None
    since: datetime | None = None

    @property
    def found(self) -> bool:
        """Whether the evidence has reached the threshold, and has not since fallen to its square root."""
        return self.since is not None


def threshold_for(false_alarms_per_year: float, windows_per_year: float) -> float:
    """Return the capital at which drift is found: windows a year over false alarms a year, above 1.

    No dial is too small for it, as one may be for a single window: capital adds up.

    Raises
    ------
    UsageError
        Unless 0 < false alarms a year < windows a year, both of them finite.

    Examples
    --------
    >>> threshold_for(1.0, 365.0)
    365.0
    """
    alpha_for(false_alarms_per_year, windows_per_year)
    return windows_per_year / false_alarms_per_year


def capital(state: EProcess) -> float:
    """Return the evidence: the mean capital of the bets, 0 before the first window."""
    return sum(state.capitals) / len(state.capitals)


def began(state: EProcess) -> datetime | None:
    """Return the start of the window in which the change began, as far as can be told; None: no sign of one.

    That is the start of the run of the bet with the longest winnings: the estimate of largest likelihood.
    """
    best = max(range(len(BETS)), key=lambda each: state.runs[each])
    return state.starts[best]


def advance(state: EProcess, p_value: float | None, *, start: datetime, threshold: float) -> EProcess:
    """Return the state after a window.

    Parameters
    ----------
    p_value
        In (0, 1]. None: the window says nothing (too few images), or its own verdict has told of drift
        already; it is passed over, and what was found stays found.
    start
        Of the window. One that is not after `state.newest` came late and changes nothing.
    threshold
        Of `threshold_for`. Capital beyond it is not kept: a large drift is forgotten as fast as a small one.

    Notes
    -----
    After drift is found it stays found until the capital is down at the square root of the threshold: as
    long as about half of what it took to find it. Then all begins anew, save for what was learnt, so that
    the average time to the next false alarm is again at least `threshold` windows.

    References
    ----------
    J. Shin, A. Ramdas, A. Rinaldo, "E-detectors: a nonparametric framework for sequential change detection",
    New England Journal of Statistics in Data Science 2 (2024), definition 2.4 and theorem 2.4.
    T. Sellke, M. J. Bayarri, J. O. Berger, "Calibration of p values", The American Statistician 55 (2001).

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> day, state = datetime(2026, 3, 1, tzinfo=UTC), EProcess()
    >>> for n in range(8):
    ...     state = advance(state, 0.01, start=day + n * timedelta(days=1), threshold=365.0)
    >>> state.found, state.since == day
    (True, True)
    """
    if not threshold > 1.0:
        raise UsageError(f"The threshold of an e-process is {threshold:g}; give a number above 1.")
    if state.newest is not None and start <= state.newest:
        return state
    if p_value is None:
        return replace(state, newest=start)
    if not 0.0 <= p_value <= 1.0:
        raise UsageError(f"The p-value of a window is {p_value:g}; give a number from 0 to 1.")
    surprise = -math.log(max(p_value, _LEAST))
    counted = surprise / _discount(state)
    paid = [math.log(bet) + (1.0 - bet) * counted for bet in BETS]
    capitals = [math.exp(won) * (own + 1.0) for won, own in zip(paid, state.capitals, strict=True)]
    runs = [max(0.0, run + won) for run, won in zip(state.runs, paid, strict=True)]
    starts = [(was or start) if run > 0.0 else None for run, was in zip(runs, state.starts, strict=True)]
    kept = min(1.0, threshold * len(BETS) / sum(capitals))
    after = replace(
        state,
        capitals=tuple(kept * one for one in capitals),
        runs=tuple(runs),
        starts=tuple(starts),
        windows=state.windows + 1,
        newest=start,
    )
    if kept < 1.0 or capital(after) >= threshold * (1.0 - 1e-12):
        return replace(after, since=state.since or began(after) or start, waiting=())
    if not state.found:
        return _learn(after, surprise)
    if capital(after) > math.sqrt(threshold):
        return after
    return EProcess(surprise=state.surprise, learnt=state.learnt, newest=start)


def e_process_to_json(state: EProcess) -> dict[str, Any]:
    """Return a state as plain values, which `e_process_from_json` reads as the same state."""
    plain = asdict(state)
    plain["starts"] = [_said(one) for one in state.starts]
    return plain | {
        "bets": list(BETS),
        "capitals": list(state.capitals),
        "runs": list(state.runs),
        "waiting": list(state.waiting),
        "newest": _said(state.newest),
        "since": _said(state.since),
    }


def e_process_from_json(plain: Mapping[str, Any]) -> EProcess:
    """Return the state that was written; a new one where a release wrote it that made other bets."""
    if tuple(plain["bets"]) != BETS:
        return EProcess(surprise=float(plain["surprise"]), learnt=float(plain["learnt"]))
    return EProcess(
        capitals=tuple(float(one) for one in plain["capitals"]),
        runs=tuple(float(one) for one in plain["runs"]),
        starts=tuple(_read(one) for one in plain["starts"]),
        surprise=float(plain["surprise"]),
        learnt=float(plain["learnt"]),
        waiting=tuple(float(one) for one in plain["waiting"]),
        windows=int(plain["windows"]),
        newest=_read(plain["newest"]),
        since=_read(plain["since"]),
    )


def _discount(state: EProcess) -> float:
    """Return θ: the mean surprise of the windows before and, at first, `DISCOUNT`; never below that."""
    known = _PRIOR_WINDOWS * DISCOUNT + state.learnt * state.surprise
    return max(DISCOUNT, known / (_PRIOR_WINDOWS + state.learnt))


def _learn(state: EProcess, surprise: float) -> EProcess:
    waiting = (*state.waiting, surprise)
    if len(waiting) <= _WAIT:
        return replace(state, waiting=waiting)
    weight = min(state.learnt, _MEMORY - 1.0) + 1.0
    known = state.surprise + (waiting[0] - state.surprise) / weight
    return replace(state, surprise=known, learnt=weight, waiting=waiting[1:])


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
