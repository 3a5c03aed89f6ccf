"""The audit of accepted labels: which a person looks at, and when accepting has to stop.

A sequential test valid whenever it is looked at: while the true share of wrong labels is within the bound,
it stops with a chance of at most `risk`, however long the audit goes on and however often one looks. A new
bet is laid at every audit, so that labels which go bad after thousands of good ones are noticed too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = [
    "AuditState",
    "advance_audit",
    "audit_from_json",
    "audit_share",
    "audit_to_json",
    "drawn_for_audit",
    "stop_reason",
]

_TIMES = (1.3, 1.6, 2.0, 3.0, 5.0, 10.0)  # the bound, of the shares wrong that are bet on
_ALL_LAID = 2.1098  # the sum of 1 / (m ln² m) over m from 2 on, rounded up
_MOST, _LEAST = 0.05, 0.02  # of accepted labels that are audited
_TRUST = 3.0  # times the fewest audits that show the bound, until the share is down at its least


@dataclass(frozen=True, slots=True)
class AuditState:
    """What the audits since the last threshold was set amount to; begin anew with each threshold.

    Attributes
    ----------
    bound, risk
        The promised share of wrong labels; the chance of a stop while it holds.
    n, wrong
        Audited labels, and wrong ones among them.
    capitals
        What the bets are worth, one for each share that is bet on.
    stopped
        Whether accepting has to stop; it stays so.
    """

    bound: float = 0.02
    risk: float = 0.05
    n: int = 0
    wrong: int = 0
    capitals: tuple[float, ...] = (0.0,) * len(_TIMES)
    stopped: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.bound < 0.5 or not 0 < self.risk < 0.5:
            raise UsageError(
                f"A bound of {self.bound:g} with a risk of {self.risk:g}: expected shares above 0, below 0.5."
            )

    @property
    def capital(self) -> float:
        """The mean of the bets: the evidence that more than the bound are wrong; it stops at 1 / risk."""
        return sum(self.capitals) / len(self.capitals)


def advance_audit(state: AuditState, wrong: Iterable[bool]) -> AuditState:
    """Return the state after audits, each whether the accepted label was wrong, in the order of time.

    At the n-th audit a share 1 / (2.11 (n + 1) ln²(n + 1)) of a capital of 1 is laid on each rate; these
    shares sum to 1. Under "at most `bound` are wrong" each bet is a fair or losing one, so what they are
    worth together is at most 1 on average at any time, and reaches 1 / risk with a chance of at most risk
    (Ville's inequality). After a stop the bets stay as they are.

    References
    ----------
    A. Ramdas, P. Grünwald, V. Vovk, G. Shafer, "Game-theoretic statistics and safe anytime-valid inference",
    Statistical Science 38(4), 2023; the bets are likelihood ratios of 1.3 to 10 times the bound.

    Examples
    --------
    >>> fine = advance_audit(AuditState(), [False] * 400 + [True] * 4)
    >>> fine.stopped, advance_audit(fine, [True] * 20).stopped
    (False, True)
    """
    rates = [_rate(times, state.bound) for times in _TIMES]
    pays = {True: [rate / state.bound for rate in rates]}
    pays[False] = [(1 - rate) / (1 - state.bound) for rate in rates]
    for one in wrong:
        n, missed = state.n + 1, state.wrong + bool(one)
        if state.stopped:
            state = replace(state, n=n, wrong=missed)
            continue
        laid = 1 / (_ALL_LAID * (n + 1) * math.log(n + 1) ** 2)
        worth = tuple((was + laid) * paid for was, paid in zip(state.capitals, pays[bool(one)], strict=True))
        after = replace(state, n=n, wrong=missed, capitals=worth)
        state = replace(after, stopped=after.capital >= 1 / state.risk)
    return state


def stop_reason(state: AuditState) -> str | None:
    """Return why accepting stopped, in a sentence; None while it goes on.

    Examples
    --------
    >>> print(stop_reason(advance_audit(AuditState(), [True] * 5)))
    5 of 5 audited labels were wrong, more than the promised 2 %: automatic acceptance has stopped.
    """
    if not state.stopped:
        return None
    return (
        f"{state.wrong} of {state.n} audited labels were wrong, more than the promised "
        f"{100 * state.bound:g} %: automatic acceptance has stopped."
    )


def audit_share(state: AuditState) -> float:
    """Return which share of accepted labels to audit: 5 % at first, down to 2 % as audits show the bound.

    Examples
    --------
    >>> audit_share(AuditState()), audit_share(advance_audit(AuditState(), [False] * 500))
    (0.05, 0.02)
    """
    enough = _TRUST * math.log(state.risk) / math.log1p(-state.bound)
    shown = min(1.0, state.n / enough) if state.capital <= 1 else 0.0
    return round(_MOST - (_MOST - _LEAST) * shown, 4)


def drawn_for_audit(n: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return (n,) which of n accepted labels are audited: each with the chance `share`, by itself.

    Raises
    ------
    UsageError
        For a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise UsageError(f"An audit of a share of {share:g}; expected one above 0 and up to 1.")
    return np.asarray(rng.random(n) < share)


def audit_to_json(state: AuditState) -> dict[str, Any]:
    """Return a state as plain values, which `audit_from_json` reads as the same state."""
    return asdict(state) | {"capitals": list(state.capitals), "times": list(_TIMES)}


def audit_from_json(plain: Mapping[str, Any]) -> AuditState:
    """Return the state that was written.

    Raises
    ------
    UsageError
        Where a release wrote it that made other bets: begin the audit anew.
    """
    if tuple(plain["times"]) != _TIMES:
        raise UsageError("This audit was kept by a release with other bets; begin it anew.")
    return AuditState(
        float(plain["bound"]),
        float(plain["risk"]),
        int(plain["n"]),
        int(plain["wrong"]),
        tuple(float(one) for one in plain["capitals"]),
        bool(plain["stopped"]),
    )


def _rate(times: float, bound: float) -> float:
    return min(times * bound, (1 + bound) / 2)
