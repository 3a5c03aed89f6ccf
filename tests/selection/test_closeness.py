"""Closeness to the evidence of drift, and to what people called wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from driftwheel.errors import UsageError
from driftwheel.selection.drift_closeness import drift_closeness
from driftwheel.selection.feedback_closeness import feedback_closeness


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_drift_closeness_is_the_share_of_distances(seed):
    rng = np.random.default_rng(seed)
    images, evidence, reference = rng.normal(size=(9, 4)), rng.normal(2, 1, (3, 4)), rng.normal(size=(8, 4))
    near, far = (cdist(images, table).min(axis=1) for table in (evidence, reference))
    expected = np.maximum((far - near) / (far + near), 0)
    assert drift_closeness(images, evidence, reference) == pytest.approx(expected, abs=1e-3)


def test_an_image_that_is_evidence_and_reference_at_once_is_neither():
    assert drift_closeness([[1.0]], [[1.0]], [[1.0]]).tolist() == [0.0]


def test_other_dimensions_are_refused():
    with pytest.raises(UsageError, match="2, 1, 2 dimensions"):
        drift_closeness([[1.0, 2.0]], [[1.0]], [[1.0, 2.0]])
    with pytest.raises(UsageError, match="`evidence` has shape"):
        drift_closeness([[1.0]], np.empty((0, 1)), [[1.0]])


def test_feedback_spreads_to_the_like_and_is_held_back_by_what_was_right():
    rng = np.random.default_rng(0)
    table = np.concatenate((rng.normal(0, 1, (30, 2)), rng.normal(30, 1, (30, 2))))
    said = np.full(60, np.nan)
    said[:6] = 1.0
    found = feedback_closeness(said, table, rng=rng)
    assert (found[:6] == 1).all()
    assert found[6:30].max() > 0.5
    assert found[30:].max() < 0.01
    said[6:20] = 0.0
    calmed = feedback_closeness(said, table, rng=np.random.default_rng(0))
    assert (calmed[6:20] == 0).all()
    assert (calmed[20:30] <= found[20:30]).all()


def test_without_embeddings_only_what_was_called_wrong_counts():
    rng = np.random.default_rng(0)
    assert feedback_closeness([1, 0, np.nan], rng=rng).tolist() == [1, 0, 0]
    assert feedback_closeness([np.nan] * 3, np.ones((3, 2)), rng=rng).tolist() == [0, 0, 0]
    with pytest.raises(UsageError, match="1 \\(wrong\\), 0 \\(right\\)"):
        feedback_closeness([2.0], rng=rng)
