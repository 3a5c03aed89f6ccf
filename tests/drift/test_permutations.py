import numpy as np
import pytest
from scipy import stats

from driftwheel.drift.permutations import check_labels, draw_labels, observed_labels, permutation_p_value
from driftwheel.errors import UsageError


def test_labels_keep_the_sample_sizes_and_follow_the_seed() -> None:
    labels = draw_labels(7, 5, 200, np.random.default_rng(3))
    check_labels(labels, 7, 5)
    assert (labels == draw_labels(7, 5, 200, np.random.default_rng(3))).all()
    assert observed_labels(2, 3).tolist() == [True, True, False, False, False]


def test_all_labellings_are_equally_likely() -> None:
    labels = draw_labels(2, 3, 10_000, np.random.default_rng(0))
    _, counts = np.unique(labels @ (1 << np.arange(5)), return_counts=True)
    assert counts.size == 10
    assert stats.chisquare(counts).pvalue > 1e-4


def test_p_value_counts_the_observed_one_and_its_ties() -> None:
    assert permutation_p_value(2.0, np.array([1.0, 2.0, 3.0, 0.0])) == 3 / 5
    assert permutation_p_value(9.0, np.array([1.0] * 99)) == 0.01


def test_too_few_to_permute() -> None:
    with pytest.raises(UsageError, match="Cannot permute 0 reference and 5 current images 9 times"):
        draw_labels(0, 5, 9, np.random.default_rng(0))
