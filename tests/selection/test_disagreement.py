"""Disagreement of versions: the Jensen-Shannon divergence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from driftwheel.errors import UsageError
from driftwheel.selection.disagreement import disagreement


@given(seed=st.integers(0, 10_000))
def test_of_two_it_is_scipys(seed):
    first, second = np.random.default_rng(seed).dirichlet([0.5, 0.5, 0.5], (2, 7))
    expected = jensenshannon(first, second, base=2, axis=1) ** 2
    assert disagreement([first, second]) == pytest.approx(expected, abs=1e-9)
    assert disagreement([second, first]) == pytest.approx(expected, abs=1e-9)


def test_three_of_three_minds_are_all_disagreement_and_one_of_them_missing_does_not_matter():
    minds = np.eye(3)[:, None, :]
    assert disagreement(list(minds)) == pytest.approx([1])
    absent = np.full((1, 3), np.nan)
    assert disagreement([*minds[:2], absent]) == pytest.approx([1])
    assert disagreement([minds[0], absent, absent]) == pytest.approx([np.nan], nan_ok=True)


@pytest.mark.parametrize("versions", [[], [[[0.5, 0.5]]], [[[0.5, 0.5]], [[0.2, 0.3, 0.5]]]])
def test_one_version_or_other_classes_are_refused(versions):
    with pytest.raises(UsageError, match="two versions or more"):
        disagreement(versions)
