"""Too-fast answers: the limit of a pool, and how many are too many."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.agreement.too_fast import fast_limit, too_fast
from driftwheel.errors import UsageError


def test_the_limit_is_a_fifth_of_the_trusted_median_and_no_less_than_a_reaction() -> None:
    assert fast_limit([5.0] * 19 + [np.nan] * 9) == 0.4
    assert fast_limit([5.0] * 20) == 1.0
    assert fast_limit([1.0] * 20) == 0.4


@pytest.mark.parametrize(
    ("fast", "action"), [(0, None), (4, None), (5, "challenge"), (10, "challenge"), (11, "pause")]
)
def test_how_many_of_twenty(fast: int, action: str | None) -> None:
    event = too_fast([0.1] * fast + [2.0] * (20 - fast), 0.5, "ann")
    assert (event.action if event else None) == action


def test_only_the_last_answers_count_and_unknown_times_are_slow() -> None:
    assert too_fast([0.1] * 20 + [3.0] * 20, 0.5) is None
    assert too_fast([np.nan] * 20, 0.5) is None
    event = too_fast([0.1] * 6, 0.5, "ann")
    assert event is not None
    assert event.reason == "6 of the last 6 answers took less than 0.5 s."
    assert event.annotators == ("ann",)


def test_a_rule_that_never_holds_is_refused() -> None:
    with pytest.raises(UsageError, match="More than 20 of 20 answers"):
        too_fast([], 0.5, most=20)
    with pytest.raises(UsageError, match="less than -1 seconds"):
        fast_limit([], least=-1.0)
