from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, xlogy
from scipy.stats import binomtest, multinomial

from driftwheel.errors import UsageError
from driftwheel.performance.paired_difference import (
    PairedCounts,
    better_p,
    difference_bounds,
    not_worse_p,
    paired_counts,
)


def test_pairs_are_counted() -> None:
    found = paired_counts([1, 1, 0, 0, 1], [1, 0, 1, 0, 1])
    assert found == PairedCounts(5, 2, 1, 1)
    assert (found.champion, found.challenger, found.difference, found.discordant) == (0.6, 0.6, 0.0, 0.4)


def test_what_are_no_pairs_is_refused() -> None:
    with pytest.raises(UsageError, match=r"two columns of one length; got shapes \(2,\) and \(3,\)"):
        paired_counts([True, False], [True, False, True])
    with pytest.raises(UsageError, match="no counts of pairs"):
        PairedCounts(3, 2, 2, 0)
    with pytest.raises(UsageError, match="The margin is 0;"):
        not_worse_p(PairedCounts(3, 2, 1, 0), 0.0)
    with pytest.raises(UsageError, match=r"The confidence is 0\.5;"):
        difference_bounds(PairedCounts(3, 2, 1, 0), 0.5)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (7, 2), (2, 7), (40, 25), (500, 430)])
def test_mcnemar_is_the_binomial_test(gained: int, lost: int) -> None:
    counts = PairedCounts(2000, 100, gained, lost)
    expected = binomtest(gained, gained + lost, alternative="greater").pvalue if gained + lost else 1.0
    assert better_p(counts) == pytest.approx(expected)


def test_the_score_of_no_margin_is_mcnemars_chi_square() -> None:
    """At a difference of 0 Tango's score is (b − c) / √(b + c)."""
    low, high = difference_bounds(PairedCounts(100, 60, 20, 5), 0.95)
    z = 15 / math.sqrt(25)
    assert low > 0  # 3 deviations
    confidence = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    assert difference_bounds(PairedCounts(100, 60, 20, 5), confidence)[0] == pytest.approx(0, abs=1e-9)
    assert high < 0.3


@pytest.mark.parametrize("counts", [(44, 0, 1), (100, 12, 4), (300, 2, 9), (25, 20, 3)])
@pytest.mark.parametrize("difference", [-0.1, -0.02, -0.3])
def test_the_score_is_that_of_the_likeliest_shares_with_that_difference(
    counts: tuple[int, int, int], difference: float
) -> None:
    """The closed form against a search for the share of lost images that is likeliest."""
    n, gained, lost = counts

    def unlikely(share: float) -> float:
        shares = np.array([share + difference, share, 1 - 2 * share - difference])
        return float(-(xlogy([gained, lost, n - gained - lost], shares)).sum())

    least = max(0.0, -difference)
    most = (1 - difference) / 2
    found = minimize_scalar(unlikely, bounds=(least, most), method="bounded", options={"xatol": 1e-12})
    score = (gained - lost - n * difference) / math.sqrt(n * (2 * found.x + difference * (1 - difference)))
    p = not_worse_p(PairedCounts(n, 0, gained, lost), -difference)
    assert p == pytest.approx(float(ndtr(-score)), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("counts", [(44, 0, 1), (100, 12, 4), (300, 2, 9)])
def test_a_bound_is_the_margin_that_is_just_shown(counts: tuple[int, int, int]) -> None:
    n, gained, lost = counts
    pairs = PairedCounts(n, 0, gained, lost)
    low, _ = difference_bounds(pairs, 0.95)
    if low < 0:
        assert not_worse_p(pairs, -low) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("n", [30, 60])
@pytest.mark.parametrize("margin", [0.02, 0.05, 0.1])
def test_a_challenger_worse_by_the_margin_is_let_in_as_seldom_as_stated(n: int, margin: float) -> None:
    tables = np.array([(g, lost) for g in range(n + 1) for lost in range(n + 1 - g)])
    let_in = np.array([not_worse_p(PairedCounts(n, 0, int(g), int(c)), margin) <= 0.05 for g, c in tables])
    for gained in (0.0, 0.01, 0.05, 0.2):
        shares = [gained, gained + margin, 1 - 2 * gained - margin]
        chance = multinomial.pmf(np.c_[tables, n - tables.sum(axis=1)], n, shares)
        assert chance[let_in].sum() <= 0.06


def test_bounds_hold_as_often_as_stated() -> None:
    rng = np.random.default_rng(1)
    drawn = rng.multinomial(120, [0.12, 0.07, 0.81], size=600)
    bounds = np.array([difference_bounds(PairedCounts(120, 0, int(g), int(c)), 0.95) for g, c, _ in drawn])
    assert (bounds[:, 0] <= 0.05).mean() >= 0.93
    assert (bounds[:, 1] >= 0.05).mean() >= 0.93
    assert (bounds[:, 0] < bounds[:, 1]).all()


def test_without_images_nothing_is_known() -> None:
    none = PairedCounts(0, 0, 0, 0)
    assert (better_p(none), not_worse_p(none, 0.1), difference_bounds(none, 0.9)) == (1.0, 1.0, (-1.0, 1.0))
    assert math.isnan(none.champion)


def test_one_who_is_always_right_is_better_and_no_bound_fails() -> None:
    low, high = difference_bounds(PairedCounts(50, 0, 50, 0), 0.95)
    assert 0.85 < low < high
    assert high == pytest.approx(1.0)
