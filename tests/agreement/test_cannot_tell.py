"""Who can never tell is warned and paused; who can as often tell as others is let be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from driftwheel.agreement.cannot_tell import cannot_tell_often
from driftwheel.errors import UsageError


def test_the_chance_is_that_of_the_binomial() -> None:
    event = cannot_tell_often([False] * 16 + [True] * 14, "ann", pool_share=0.1)
    assert event is not None
    assert (event.rule, event.annotators, event.numbers["often"], event.numbers["n"]) == (
        "cannot_tell",
        ("ann",),
        14,
        30,
    )
    assert event.numbers["p_value"] == pytest.approx(float(binom.sf(13, 30, 0.1)))
    assert "14 of the last 30 images" in event.reason


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_honest_people_are_let_be(share: float) -> None:
    rng = np.random.default_rng(1)
    told = [bool(one) for one in rng.random(5000) < share]
    wrong = sum(cannot_tell_often(told[:n], pool_share=share) is not None for n in range(1, 5001))
    assert wrong == 0


def test_who_never_looks_is_found_soon() -> None:
    first = next(n for n in range(1, 31) if cannot_tell_often([True] * n) is not None)
    paused = next(n for n in range(1, 31) if getattr(cannot_tell_often([True] * n), "action", "") == "pause")
    assert (first, paused) == (4, 8)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="A share of 2 that cannot tell"):
        cannot_tell_often([], pool_share=2.0)
