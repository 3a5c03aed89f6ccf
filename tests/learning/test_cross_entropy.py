"""Binary cross-entropy: the textbook formula, torch, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from driftwheel.errors import UsageError
from driftwheel.learning.cross_entropy import cross_entropies, divergences

LOGITS = arrays.arrays(np.float64, (3, 4), elements=st.floats(-20, 20))
TARGETS = arrays.arrays(np.float64, (3, 4), elements=st.floats(0, 1))


@given(logits=LOGITS, targets=TARGETS)
def test_it_is_what_the_formula_says(logits, targets):
    p = 1 / (1 + np.exp(-logits))
    expected = -(targets * np.log(p) + (1 - targets) * np.log1p(-p)).mean(axis=1)
    np.testing.assert_allclose(cross_entropies(logits, targets), expected, rtol=1e-6, atol=1e-9)


@given(logits=LOGITS, targets=TARGETS)
def test_no_answer_is_better_than_the_picture_itself(logits, targets):
    with np.errstate(divide="ignore"):
        best = np.clip(np.log(targets) - np.log1p(-targets), -40, 40)
    assert (cross_entropies(best, targets) <= cross_entropies(logits, targets) + 1e-9).all()
    np.testing.assert_allclose(divergences(best, targets), 0, atol=1e-9)
    floors = cross_entropies(logits, targets) - divergences(logits, targets)
    np.testing.assert_allclose(floors, cross_entropies(best, targets), atol=1e-9)
    assert (divergences(logits, targets) >= 0).all()


def test_it_is_the_loss_of_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed: no second opinion")
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(0, 4, (5, 8, 8, 3)).astype("f4"), rng.random((5, 8, 8, 3)).astype("f4")
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.from_numpy(logits), torch.from_numpy(targets), reduction="none"
    )
    np.testing.assert_allclose(cross_entropies(logits, targets), theirs.mean((1, 2, 3)).numpy(), rtol=1e-5)


def test_large_logits_do_not_overflow():
    assert cross_entropies([[1e6, -1e6]], [[1.0, 0.0]]).tolist() == [0.0]
    assert cross_entropies([[1e6]], [[0.0]]).tolist() == [1e6]


def test_bytes_and_other_shapes_are_refused():
    with pytest.raises(UsageError, match=r"Targets lie in \[0, 255\].* divide bytes by 255"):
        cross_entropies([[0.0, 0.0]], [[0, 255]])
    with pytest.raises(UsageError, match=r"shape \(1, 2\) and targets of shape \(1, 1\)"):
        cross_entropies([[0.0, 0.0]], [[0.0]])
