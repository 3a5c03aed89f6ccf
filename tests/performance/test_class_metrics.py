from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    precision_recall_fscore_support,
)
from sklearn.metrics import (
    confusion_matrix as oracle_matrix,
)

from driftwheel.errors import UsageError
from driftwheel.performance.class_metrics import Metrics, class_metrics
from driftwheel.performance.confusion import ConfusionMatrix, confusion_matrix


def labels(classes: int, n: int, right: float, seed: int) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=n)
    said = np.where(rng.random(n) < right, truth, rng.integers(classes, size=n))
    return [f"c{one}" for one in truth], [f"c{one}" for one in said]


@pytest.mark.parametrize(("classes", "n"), [(2, 30), (3, 200), (12, 400)])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_figures_are_those_of_scikit_learn(classes: int, n: int, average: str) -> None:
    truth, said = labels(classes, n, 0.7, seed=classes)
    found = class_metrics(confusion_matrix(truth, said))
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, said))
    assert found.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(truth, said))
    expected = precision_recall_fscore_support(truth, said, average=average, zero_division=0)
    for name, value in zip(("precision", "recall", "f1"), expected, strict=False):
        assert getattr(found, f"{average}_{name}").value == pytest.approx(value)
    each = precision_recall_fscore_support(truth, said, zero_division=0)
    assert [one.precision.value for one in found.classes] == pytest.approx(list(each[0]))
    assert [one.recall.value for one in found.classes] == pytest.approx(list(each[1]))
    assert [one.f1.value for one in found.classes] == pytest.approx(list(each[2]))
    assert [one.support for one in found.classes] == list(each[3])


def test_the_matrix_is_that_of_scikit_learn_and_merges() -> None:
    truth, said = labels(4, 100, 0.6, seed=1)
    whole = confusion_matrix(truth, said)
    assert whole.counts.tolist() == oracle_matrix(truth, said).tolist()
    parts = confusion_matrix(truth[:30], said[:30]).merged(confusion_matrix(truth[30:], said[30:]))
    assert parts.counts.tolist() == whole.counts.tolist()
    with pytest.raises(UsageError, match="3 true classes for 2 predictions"):
        confusion_matrix(["a", "b", "a"], ["a", "b"])


def test_a_class_that_was_never_named_and_one_without_a_label() -> None:
    found = class_metrics(ConfusionMatrix(("a", "b", "c"), np.array([[5.0, 0, 1], [2, 0, 0], [0, 0, 0]])))
    a, b, c = found.classes
    assert (b.precision.value, b.recall.value, c.recall.value) == (None, 0.0, None)
    assert found.balanced_accuracy.value == pytest.approx((5 / 6 + 0) / 2)
    assert a.recall.n == 6


def test_no_label_tells_nothing() -> None:
    found = class_metrics(ConfusionMatrix((), np.zeros((0, 0))))
    assert found.accuracy.value is None
    assert found.classes == ()


def holds(found: Metrics, truth: Metrics) -> dict[str, bool]:
    names = ("accuracy", "balanced_accuracy", "macro_precision", "macro_f1", "weighted_f1")
    told = {}
    for name in names:
        figure, value = getattr(found, name), getattr(truth, name).value
        told[name] = figure.low <= value <= figure.high
    return told


@pytest.mark.parametrize("classes", [2, 5])
def test_intervals_hold_what_they_say(classes: int) -> None:
    rng = np.random.default_rng(classes)
    chances = np.full((classes, classes), 0.1 / classes) + np.diag(np.linspace(0.9, 0.5, classes))
    chances /= chances.sum()
    names = tuple(f"c{one}" for one in range(classes))
    truth = class_metrics(ConfusionMatrix(names, chances * 1e6))
    draws = [
        class_metrics(
            ConfusionMatrix(names, rng.multinomial(150, chances.ravel()).reshape(chances.shape) * 1.0)
        )
        for _ in range(300)
    ]
    told = [holds(one, truth) for one in draws]
    for name in told[0]:
        held = np.mean([one[name] for one in told])
        assert 0.84 <= held <= 0.98, (name, held)
