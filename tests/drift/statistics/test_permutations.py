import numpy as np
import pytest
from scipy import stats

from driftwheel.drift.statistics.permutations import (
    cell_order,
    check_labels,
    draw_cells,
    draw_labels,
    observed_labels,
    permutation_p_value,
)
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


@pytest.mark.parametrize(("n", "m"), [(5000, 303), (303, 5000), (2107, 2107), (60, 49), (9000, 199)])
def test_permutations_of_cells_keep_cells_whole_and_sizes_of_samples(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    cells = draw_cells(n, m, rng)
    labels = draw_labels(n, m, 50, rng, cells)
    check_labels(labels, n, m)
    assert not set(cells[:n].tolist()) & set(cells[n:].tolist())
    order, starts = cell_order(cells, labels)
    assert (np.diff(cells[order])[starts[1:] - 1] == 1).all()
    share = (~labels).mean(axis=0)  # every image is called current about as often as any other
    assert share[:n].mean() == pytest.approx(m / (n + m), abs=0.05)


def test_permutations_that_cut_a_cell_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="cuts a cell"):
        cell_order(draw_cells(5000, 200, rng), draw_labels(5000, 200, 5, rng))


def test_all_permutations_of_cells_are_equally_likely_and_hold_the_real_one() -> None:
    cells = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5])
    labels = draw_labels(4, 6, 12_000, np.random.default_rng(0), cells)
    codes, counts = np.unique(labels @ (1 << np.arange(10)), return_counts=True)
    assert counts.size == 6  # two of four pairs; the single ones stay current
    assert 0b0000001111 in codes
    assert stats.chisquare(counts).pvalue > 1e-4
