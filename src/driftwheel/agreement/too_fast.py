"""Answers given faster than a task can be looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from driftwheel.agreement.class_answers import Key
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.errors import UsageError

__all__ = ["fast_limit", "too_fast"]

_SHARE = 0.2  # of the median of trusted people's seconds
_LEAST_TRUSTED = 20  # answers, for a limit of the pool's own


def fast_limit(trusted_seconds: ArrayLike, *, least: float = 0.4) -> float:
    """Return the seconds below which an answer is too fast: a fifth of the median of trusted annotators.

    Parameters
    ----------
    trusted_seconds
        Seconds of answers of annotators who passed the golden test, of this pool; undefined ones are left
        out. Below 20 of them the limit is `least`.
    least
        Seconds that nobody goes below who saw the image at all: a simple reaction with a choice.

    Raises
    ------
    UsageError
        For a `least` below 0.

    Examples
    --------
    >>> fast_limit([4.0] * 30), fast_limit([1.0] * 30), fast_limit([9.0])
    (0.8, 0.4, 0.4)
    """
    if not least >= 0:
        raise UsageError(f"No answer takes less than {least:g} seconds; give a number ≥ 0.")
    seconds = np.asarray(trusted_seconds, dtype=np.float64)
    seconds = seconds[np.isfinite(seconds)]
    if len(seconds) < _LEAST_TRUSTED:
        return float(least)
    return float(max(least, _SHARE * np.median(seconds)))


def too_fast(
    seconds: ArrayLike, limit: float, annotator: Key = "", *, window: int = 20, most: int = 4
) -> RuleEvent | None:
    """Return an event when more than `most` of an annotator's last `window` answers were too fast, else None.

    A challenge; a pause when more than half of the window was. A slip of the finger now and then is nobody's
    fault: one fast answer asks for nothing.

    Parameters
    ----------
    seconds
        Of the annotator's answers in the order of time; NaN where unknown, which counts as slow.
    limit
        Of `fast_limit`.

    Raises
    ------
    UsageError
        Unless 0 ≤ most < window and the limit is ≥ 0.

    Examples
    --------
    >>> too_fast([0.1] * 6 + [3.0] * 14, limit=0.5).action
    'challenge'
    >>> too_fast([0.1] * 3 + [3.0] * 14, limit=0.5) is None
    True
    """
    if not 0 <= most < window or not limit >= 0:
        raise UsageError(
            f"More than {most} of {window} answers below {limit:g} s: expected 0 ≤ most < window, limit ≥ 0."
        )
    last = np.asarray(seconds, dtype=np.float64)[-window:]
    fast = int((last < limit).sum())
    if fast <= most:
        return None
    reason = f"{fast} of the last {len(last)} answers took less than {limit:.2g} s."
    numbers = {"fast": fast, "n": len(last), "limit": limit}
    return RuleEvent("too_fast", (annotator,), "pause" if 2 * fast > window else "challenge", reason, numbers)
