"""Margin, entropy and least confidence: known answers, and the laws they share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as entropy_of

from driftwheel.errors import UsageError
from driftwheel.selection.entropy import entropy
from driftwheel.selection.least_confidence import least_confidence
from driftwheel.selection.margin import margin

MEASURES = (margin, entropy, least_confidence)
tables = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).dirichlet(np.full(2 + seed % 4, 0.5), 9)
)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_even_row_is_all_doubt_and_the_certain_one_none(measure):
    scores = [[0.25] * 4, [0, 0, 1, 0], [np.nan, 1, 0, 0], [0, 0, 0, 0]]
    assert measure(scores) == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)


def test_known_answers():
    row = [[0.5, 0.3, 0.2]]
    assert margin(row) == pytest.approx([0.8])
    assert least_confidence(row) == pytest.approx([0.75])
    assert entropy(row) == pytest.approx([entropy_of(row[0]) / np.log(3)])


@pytest.mark.parametrize("measure", MEASURES)
@given(scores=tables)
def test_order_of_classes_and_scale_do_not_matter(measure, scores):
    found = measure(scores)
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()
    assert measure(scores[:, ::-1] / 2) == pytest.approx(found)


@given(seed=st.integers(0, 10_000))
def test_of_two_classes_all_give_one_order(seed):
    scores = np.random.default_rng(seed).dirichlet([1, 1], 9)
    orders = [measure(scores).round(9).argsort(kind="stable").tolist() for measure in MEASURES]
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("scores", [[0.5, 0.5], [[1.0]], [[1.5, 0.2]], [[-0.1, 0.5]]])
def test_what_is_no_table_of_scores_is_refused(scores):
    with pytest.raises(UsageError, match="Scores are"):
        margin(scores)
