"""The error finder for sets: planted errors of both kinds come first."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.agreement.error_finder import find_label_errors
from driftwheel.agreement.multi_error_finder import find_set_errors
from driftwheel.errors import UsageError


def test_planted_errors_come_first() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((600, 4)) < [0.5, 0.3, 0.1, 0.05]
    chances = 1 / (1 + np.exp(-(np.where(truth, 2.5, -2.5) + rng.normal(0, 1.2, truth.shape))))
    planted = rng.random(truth.shape) < 0.05
    found = find_set_errors(truth ^ planted, chances)
    n = int(planted.sum())
    first = planted[found.items[: 2 * n], found.classes[: 2 * n]]
    assert first.sum() >= 0.8 * n
    assert planted[found.likely_wrong].mean() > 0.5
    pairs = set(zip(found.items.tolist(), found.classes.tolist(), strict=True))
    assert len(pairs) == truth.size


def test_one_class_is_that_of_labels() -> None:
    rng = np.random.default_rng(1)
    chances = rng.random((50, 1))
    present = rng.random((50, 1)) < chances
    alone = find_label_errors(present[:, 0].astype(int), np.hstack([1 - chances, chances]))
    found = find_set_errors(present, chances)
    assert found.suspicion[:, 0] == pytest.approx(alone.suspicion)
    assert found.suspicion[found.items, 0].tolist() == sorted(alone.suspicion, reverse=True)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="two tables"):
        find_set_errors([[1, 0]], [[0.5]])
    with pytest.raises(UsageError, match="without NaN"):
        find_set_errors([[1]], [[np.nan]])
    assert find_set_errors(np.empty((0, 2)), np.empty((0, 2))).items.tolist() == []
