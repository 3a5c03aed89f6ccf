"""Skipping in a row: who passes over task after task waits for easy ones, or does not look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from driftwheel.agreement.class_answers import Key
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.errors import UsageError

__all__ = ["most_skips", "skipping"]


def most_skips(pool_share: float, *, least: int = 5, chance: float = 1e-4) -> int:
    """Return how many skips in a row are still no surprise where everybody skips this share of tasks.

    In a pool of hard images many are skipped for good reasons: the number is the longest run of skips with
    a chance above `chance` at the pool's share, at least `least` and at most 50.

    Raises
    ------
    UsageError
        Unless 0 ≤ share ≤ 1, least ≥ 1 and 0 < chance < 1.

    Examples
    --------
    >>> most_skips(0.02), most_skips(0.5)
    (5, 13)
    """
    if not 0 <= pool_share <= 1 or least < 1 or not 0 < chance < 1:
        raise UsageError(
            f"A share of {pool_share:g} skipped, a run of {least}, a chance of {chance:g}: expected a share "
            "in [0, 1], a run of at least 1 and a chance above 0 and below 1."
        )
    if pool_share in {0.0, 1.0}:
        return least if pool_share == 0.0 else 50
    return max(least, min(50, math.floor(math.log(chance) / math.log(pool_share))))


def skipping(
    skipped: Sequence[bool], annotator: Key = "", *, pool_share: float = 0.0, least: int = 5
) -> RuleEvent | None:
    """Return an event when the newest tasks of an annotator were skipped in a row, more than `most_skips`.

    A warning first, a pause at twice the number.

    Parameters
    ----------
    skipped
        For each task that was shown, in the order of time: whether it was skipped.
    pool_share
        Share of shown tasks that all the others of the pool skipped.

    Examples
    --------
    >>> skipping([False] + [True] * 6).action, skipping([True] * 20 + [False])
    ('warn', None)
    """
    most = most_skips(pool_share, least=least)
    run = next((i for i, one in enumerate(reversed(skipped)) if not one), len(skipped))
    if run <= most:
        return None
    reason = f"{run} tasks in a row were skipped; in this pool up to {most} are no surprise."
    numbers = {"run": run, "most": most, "pool_share": pool_share}
    return RuleEvent("skipping", (annotator,), "pause" if run > 2 * most else "warn", reason, numbers)
