"""Automatic acceptance: the promise is kept as often as it says, on calibrated and on boastful confidence."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from driftwheel.agreement.automatic_acceptance import acceptance_threshold, accepted, least_known
from driftwheel.errors import UsageError


def chance_right(confidence: NDArray[np.float64], boast: float) -> NDArray[np.float64]:
    """Chance to be right at each confidence; a boast of 1 is calibrated, above it is not."""
    return 1 - (1 - confidence) ** (1 / boast)


@pytest.mark.parametrize(("boast", "bound"), [(1.0, 0.03), (2.0, 0.05), (1.0, 0.1)])
def test_the_promise_is_broken_no_more_often_than_the_risk(boast: float, bound: float) -> None:
    rng = np.random.default_rng(int(100 * boast + 1000 * bound))
    runs, broken, shares = 120, 0, []
    many = 1 - rng.beta(0.3, 2.0, size=20_000)
    errors = 1 - chance_right(many, boast)
    for _ in range(runs):
        known = 1 - rng.beta(0.3, 2.0, size=800)
        right = rng.random(800) < chance_right(known, boast)
        found = acceptance_threshold(known, right, 1 - rng.beta(0.3, 2.0, size=1500), bound=bound, risk=0.1)
        shares.append(found.share)
        if found.threshold is not None:
            broken += errors[many >= found.threshold].mean() > bound
            assert found.upper <= bound
    assert broken <= binom.ppf(0.999, runs, 0.1)
    assert np.mean(shares) > 0.15


def test_few_known_answers_accept_nothing_and_say_what_it_takes() -> None:
    found = acceptance_threshold([0.9] * 100, [True] * 100, [0.9] * 50)
    assert found.threshold is None
    assert (
        found.reason == "It is not shown that so few are wrong; it takes 149 known answers without an error."
    )
    assert not accepted(found, [1.0]).any()


def test_enough_known_answers_without_an_error() -> None:
    found = acceptance_threshold([0.9] * 149, [True] * 149, [0.9] * 50)
    assert (found.threshold, found.n, found.wrong, found.share) == (0.9, 149, 0, 1.0)
    assert found.upper == pytest.approx(1 - 0.05 ** (1 / 149))
    assert found.upper < 0.02
    assert accepted(found, [0.89, 0.9]).tolist() == [False, True]


def test_audits_count_only_where_they_were_drawn_from() -> None:
    sure = np.full(400, 0.95)
    origin = np.where(np.arange(400) < 200, 0.97, 0.0)
    found = acceptance_threshold(sure, np.ones(400), np.full(60, 0.95), drawn_from=origin)
    assert found.n == 200


@pytest.mark.parametrize(("bound", "risk"), [(0.01, 0.05), (0.02, 0.1), (0.2, 0.01)])
def test_the_fewest_known_answers_are_exact(bound: float, risk: float) -> None:
    n = least_known(bound, risk)
    assert (1 - bound) ** n <= risk < (1 - bound) ** (n - 1)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="three columns of one length"):
        acceptance_threshold([0.5], [True, False], [0.5])
    with pytest.raises(UsageError, match=r"numbers in \[0, 1\] without NaN"):
        acceptance_threshold([0.5], [True], [np.nan])
    with pytest.raises(UsageError, match=r"bound of 0.6"):
        least_known(0.6, 0.05)
