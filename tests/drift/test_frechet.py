from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from driftwheel.drift.frechet import frechet, frechet_by_class, frechet_from_moments, trace_of_root
from driftwheel.drift.frechet_permutations import frechet_null, frechet_permutations
from driftwheel.drift.permutations import draw_labels
from driftwheel.errors import IncomparableError, UsageError
from driftwheel.profiles.embedding_moments import moments_of


@pytest.mark.parametrize(
    ("n", "m", "d"), [(100, 80, 6), (20, 15, 40), (100, 15, 40), (15, 100, 40), (2, 2, 3)]
)
def test_many_few_and_singular_are_one_formula(n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(n)
    reference = rng.normal(size=(n, d)).astype(np.float32)
    current = rng.normal(0.3, 1.4, size=(m, d)).astype(np.float32)
    found = frechet(reference, current)
    from_moments = frechet_from_moments(moments_of(reference), moments_of(current))
    assert found.statistic == pytest.approx(from_moments.statistic, rel=1e-5)
    covariances = [np.cov(table.T.astype(float)) for table in (reference, current)]
    gap = np.sum((reference.mean(axis=0, dtype=float) - current.mean(axis=0, dtype=float)) ** 2)
    root = np.sqrt(np.maximum(np.linalg.eigvals(covariances[0] @ covariances[1]).real, 0)).sum()
    known = gap + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * root
    assert found.statistic == pytest.approx(known, rel=1e-4)
    assert found.effect == pytest.approx(known / np.trace(covariances[0]), rel=1e-4)


def test_trace_of_root_is_scipys() -> None:
    rng = np.random.default_rng(0)
    first, second = (table.T @ table for table in rng.normal(size=(2, 30, 8)))
    assert trace_of_root(first, second) == pytest.approx(np.trace(sqrtm(first @ second)).real, rel=1e-9)


@given(st.integers(0, 100), st.floats(-3, 3), st.floats(0.1, 5))
def test_symmetric_zero_on_itself_and_blind_to_rotation_and_order(
    seed: int, shift: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=(30, 4)).astype(np.float32)
    current = rng.normal(shift, scale, size=(20, 4)).astype(np.float32)
    found = frechet(reference, current).statistic
    assert frechet(current, reference).statistic == pytest.approx(found, rel=1e-4, abs=1e-4)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert frechet(reference @ turn, current[::-1] @ turn).statistic == pytest.approx(
        found, rel=1e-3, abs=1e-3
    )
    assert frechet(reference, reference).statistic == pytest.approx(0.0, abs=1e-5)


def test_effect_has_no_unit_and_a_constant_reference_has_the_stated_rule() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(200, 3)), rng.normal(2.0, 1.0, size=(100, 3))
    assert frechet(50 * reference, 50 * current).effect == pytest.approx(
        frechet(reference, current).effect, rel=1e-5
    )
    assert frechet(np.ones((5, 2)), np.full((5, 2), (4.0, 5.0))).effect == pytest.approx(4.0)
    assert frechet(np.ones((5, 2)), np.ones((5, 2))).effect == 0.0


def test_by_class_names_the_classes_that_moved_most_and_leaves_small_ones_out() -> None:
    rng = np.random.default_rng(0)
    reference, classes = rng.normal(size=(200, 3)), np.array(["cat"] * 90 + ["dog"] * 90 + ["owl"] * 20)
    current, theirs = rng.normal(size=(100, 3)), np.array(["dog"] * 45 + ["cat"] * 45 + ["owl"] * 10)
    current[:45] += 2.0
    found = frechet_by_class(reference, classes, current, theirs)
    assert [one.category for one in found] == ["dog", "cat"]
    assert found[0].evidence == frechet(reference[90:180], current[:45])
    with pytest.raises(UsageError, match=r"`current_classes` has shape \(5,\); expected \(100,\)"):
        frechet_by_class(reference, classes, current, theirs[:5])


def test_permuted_distances_are_the_distances_of_the_permuted_samples() -> None:
    rng = np.random.default_rng(0)
    for n, m, d in ((40, 25, 4), (25, 40, 4), (30, 12, 20), (10, 9, 20)):
        pooled = rng.normal(size=(n + m, d)).astype(np.float32)
        labels = draw_labels(n, m, 4, rng)
        found = frechet_permutations(pooled[:n], pooled[n:], labels)
        assert found.observed == pytest.approx(frechet(pooled[:n], pooled[n:]).statistic, rel=1e-4)
        for row, statistic in zip(labels, found.null, strict=True):
            assert statistic == pytest.approx(frechet(pooled[row], pooled[~row]).statistic, rel=1e-4)


def test_threads_and_seed_decide_nothing_and_everything() -> None:
    reference = np.random.default_rng(0).normal(size=(60, 5))
    one, two = (
        frechet_null(reference, 20, rng=np.random.default_rng(7), threads=t, replays=20) for t in (1, 2)
    )
    assert (one == two).all()
    assert (np.diff(one) >= 0).all()


def test_false_alarms_and_power(honest: Callable[[int, int, float], bool]) -> None:
    rng = np.random.default_rng(0)
    permuted, replayed, changed = [], [], []
    for _ in range(150):
        reference, current = rng.standard_t(4, size=(120, 6)), rng.standard_t(4, size=(30, 6))
        permuted.append(frechet_permutations(reference, current, draw_labels(120, 30, 39, rng)).p_value())
        wider = 1.8 * rng.standard_t(4, size=(30, 6))
        changed.append(frechet_permutations(reference, wider, draw_labels(120, 30, 39, rng)).p_value())
    reference = rng.normal(size=(600, 6))
    null = frechet_null(reference, 50, rng=rng, replays=300)
    replayed = [frechet(reference, rng.normal(size=(50, 6)), null=null).p_value for _ in range(200)]
    assert honest(int(np.sum(np.array(permuted) <= 0.05)), 150, 0.05)
    assert honest(int(np.sum(np.array(replayed) <= 0.05)), 200, 0.07)
    assert np.mean(np.array(changed) <= 0.05) > 0.8


def test_replayed_distances_have_the_size_of_real_ones() -> None:
    rng = np.random.default_rng(0)
    for n, m in ((400, 30), (400, 200), (200, 600)):
        reference = rng.normal(size=(n, 8))
        real = np.median([frechet(reference, rng.normal(size=(m, 8))).statistic for _ in range(60)])
        assert np.median(frechet_null(reference, m, rng=rng, replays=60)) == pytest.approx(real, rel=0.15)


def test_what_cannot_be_compared() -> None:
    rng = np.random.default_rng(0)
    first = moments_of(rng.normal(size=(9, 3)).astype(np.float32))
    with pytest.raises(IncomparableError):
        frechet_from_moments(first, moments_of(rng.normal(size=(9, 4)).astype(np.float32)))
    with pytest.raises(UsageError, match="The current profile sums up 1 embeddings"):
        frechet_from_moments(first, moments_of(rng.normal(size=(1, 3)).astype(np.float32)))
    with pytest.raises(UsageError, match="`reference` has 19 images; this test needs at least 20"):
        frechet_null(rng.normal(size=(19, 3)), 5, rng=rng)
    with pytest.raises(UsageError, match="Cannot replay 200 parts of 1 images"):
        frechet_null(rng.normal(size=(30, 3)), 1, rng=rng)
