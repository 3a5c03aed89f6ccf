"""Saying "cannot tell" far more often than others do of the same images: answering without looking."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.special import bdtrc

from driftwheel.agreement.class_answers import Key
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.errors import UsageError

__all__ = ["cannot_tell_often"]

_LEAST_SHARE = 0.05  # of the pool: some images nobody can tell, however few others have met


def cannot_tell_often(
    told: Sequence[bool],
    annotator: Key = "",
    *,
    pool_share: float = 0.0,
    window: int = 30,
    chance: float = 1e-5,
) -> RuleEvent | None:
    """Return an event when an annotator could not tell far more often of late than the others of the pool.

    A warning first; a pause where it was most of the window, at the square of the chance. An honest person
    who meets the images that the others meet gets a wrong warning about once in 1 / `chance` windows.

    Parameters
    ----------
    told
        For each answer of theirs, in the order of time: whether it was "cannot tell".
    pool_share
        Share of "cannot tell" among the answers of all the others of the pool; at least 5 % are reckoned.
    window
        So many of the newest answers are looked at.

    Raises
    ------
    UsageError
        Unless 0 ≤ share ≤ 1, window ≥ 1 and 0 < chance < 1.

    Examples
    --------
    >>> cannot_tell_often([True] * 6 + [False] * 24) is None
    True
    >>> cannot_tell_often([True] * 10 + [False] * 20).action, cannot_tell_often([True] * 20).action
    ('warn', 'pause')
    """
    if not 0 <= pool_share <= 1 or window < 1 or not 0 < chance < 1:
        raise UsageError(
            f"A share of {pool_share:g} that cannot tell, a window of {window}, a chance of {chance:g}: "
            "expected a share in [0, 1], a window of at least 1 and a chance above 0 and below 1."
        )
    last = list(told)[-window:]
    often, share = sum(map(bool, last)), max(pool_share, _LEAST_SHARE)
    p_value = float(bdtrc(often - 1, len(last), min(share, 1 - 1e-9))) if often else 1.0
    if p_value > chance:
        return None
    reason = (
        f"Of {often} of the last {len(last)} images they said that nobody can tell; the others of the pool "
        f"say so of {pool_share:.0%}."
    )
    numbers = {"often": often, "n": len(last), "pool_share": pool_share, "p_value": p_value}
    pause = p_value <= chance**2 and 2 * often > len(last)
    return RuleEvent("cannot_tell", (annotator,), "pause" if pause else "warn", reason, numbers)
