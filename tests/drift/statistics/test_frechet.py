import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from driftwheel.drift.statistics.frechet import frechet, frechet_from_moments, trace_of_root
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


def test_what_cannot_be_compared() -> None:
    rng = np.random.default_rng(0)
    first = moments_of(rng.normal(size=(9, 3)).astype(np.float32))
    with pytest.raises(IncomparableError):
        frechet_from_moments(first, moments_of(rng.normal(size=(9, 4)).astype(np.float32)))
    with pytest.raises(UsageError, match="The current profile sums up 1 embeddings"):
        frechet_from_moments(first, moments_of(rng.normal(size=(1, 3)).astype(np.float32)))
