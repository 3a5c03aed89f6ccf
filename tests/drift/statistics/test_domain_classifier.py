from collections.abc import Callable

import numpy as np
import pytest

from driftwheel.drift.statistics.domain_classifier import domain_classifier
from driftwheel.drift.statistics.mann_whitney import area_under_curve
from driftwheel.drift.statistics.permutations import draw_labels
from driftwheel.errors import UsageError


def test_area_approaches_the_best_linear_one() -> None:
    rng = np.random.default_rng(0)
    found = domain_classifier(
        rng.normal(size=(2000, 6)), rng.normal([1, 0, 0, 0, 0, 0], size=(2000, 6)), rng=rng, permutations=19
    )
    assert found.evidence.statistic == pytest.approx(0.7602, abs=0.02)  # Φ(1/√2)
    assert found.evidence.effect == pytest.approx(2 * found.evidence.statistic - 1)
    assert found.weights[0] > 0.97
    assert np.linalg.norm(found.weights) == pytest.approx(1.0)


def test_correlated_columns_are_seen_through() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(600, 1))
    data = common + 0.1 * rng.normal(size=(600, 2))
    data[300:, 1] += 0.1  # no column shows it alone; their difference does
    found = domain_classifier(data[:300], data[300:], rng=rng, permutations=99)
    assert found.evidence.p_value == 0.01
    assert found.weights[1] > 0.5 > -0.5 > found.weights[0]


def test_scores_rank_the_images_that_show_the_change() -> None:
    rng = np.random.default_rng(0)
    current = rng.normal(size=(200, 10))
    current[:40, :3] += 3.0
    found = domain_classifier(rng.normal(size=(300, 10)), current, rng=rng, permutations=19)
    assert found.current_scores.shape == (200,)
    assert found.reference_scores.mean() == pytest.approx(0.0, abs=1e-6)
    assert found.reference_scores.std() == pytest.approx(1.0, abs=1e-6)
    shows = area_under_curve(np.sort(found.current_scores[40:]), np.sort(found.current_scores[:40]))
    assert shows > 0.95


def test_unit_and_order_of_columns_change_nothing() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(80, 3)), rng.normal(0.4, 1.0, size=(60, 3))
    found = domain_classifier(reference, current, rng=np.random.default_rng(1), permutations=19)
    scale = np.array([1e-3, 1.0, 1e6])
    other = domain_classifier(
        (reference * scale + 7)[:, ::-1],
        (current * scale + 7)[:, ::-1],
        rng=np.random.default_rng(1),
        permutations=19,
    )
    assert other.evidence.statistic == pytest.approx(found.evidence.statistic, abs=2e-3)
    assert other.weights[::-1] == pytest.approx(found.weights, abs=1e-2)


def test_missing_values_are_evidence_too_and_constant_columns_none() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(100, 3)), rng.normal(size=(100, 3))
    reference[:, 2] = current[:, 2] = 5.0
    current[:60, 1] = np.nan
    found = domain_classifier(reference, current, rng=rng, permutations=99)
    assert found.evidence.p_value == 0.01
    assert found.weights[2] == 0.0
    nothing = domain_classifier(np.ones((100, 2)), np.ones((80, 2)), rng=rng, permutations=19)
    assert (nothing.evidence.statistic, nothing.evidence.p_value) == (0.5, 1.0)
    assert not nothing.weights.any()


def test_more_columns_than_images() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(70, 400)), rng.normal(0.15, 1.0, size=(60, 400))
    assert domain_classifier(reference, current, rng=rng, permutations=99).evidence.p_value == 0.01


def test_shared_permutations_and_threads() -> None:
    rng = np.random.default_rng(0)
    reference, current, labels = (
        rng.normal(size=(60, 3)),
        rng.normal(size=(50, 3)),
        draw_labels(60, 50, 30, rng),
    )
    one, two = (
        domain_classifier(reference, current, rng=np.random.default_rng(5), labels=labels, threads=threads)
        for threads in (1, 2)
    )
    assert one.evidence == two.evidence
    assert (one.null == two.null).all()
    assert one.null.shape == (30,)


@pytest.mark.parametrize(("n", "m", "d"), [(50, 50, 3), (150, 30, 30), (60, 60, 200)])
def test_false_alarm_rate(n: int, m: int, d: int, honest: Callable[[int, int, float], bool]) -> None:
    rng = np.random.default_rng(d)
    alarms = 0
    for trial in range(120):
        pooled = rng.normal(size=(n + m, d))
        pooled = np.round(pooled) if trial % 2 else pooled
        found = domain_classifier(pooled[:n], pooled[n:], rng=rng, permutations=39)
        alarms += found.evidence.p_value <= 0.05  # type: ignore[operator]
    assert honest(alarms, 120, 0.05)


def test_usage() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="500 reference and 19 current images are too few"):
        domain_classifier(np.zeros((500, 2)), np.zeros((19, 2)), rng=rng)
    with pytest.raises(UsageError, match="`folds` is 1; expected 2 to 12"):
        domain_classifier(np.zeros((50, 2)), np.zeros((50, 2)), rng=rng, folds=1)
