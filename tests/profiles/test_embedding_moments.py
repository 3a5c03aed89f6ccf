"""Embedding moments against numpy to 1e-9, under every partition, and after projection."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.errors import IncomparableError
from driftwheel.profiles.embedding_moments import (
    EmbeddingMoments,
    covariance,
    merge_moments,
    moments_of,
    project_moments,
)
from driftwheel.profiles.projection import fit_projection


def sample(n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-2, 1, d) + rng.normal(0, 50, d)).astype(np.float32)


def close(found: EmbeddingMoments, rows: np.ndarray) -> None:
    rows = rows.astype(np.float64)
    spread = np.sqrt(np.outer(rows.var(axis=0), rows.var(axis=0))) + 1e-300
    assert found.count == len(rows)
    assert np.max(np.abs(found.mean - rows.mean(axis=0)) / np.abs(rows).max(axis=0)) < 1e-12
    assert np.max(np.abs(covariance(found) - np.cov(rows.T)) / spread) < 1e-9


@settings(deadline=None, max_examples=40)
@given(
    st.integers(2, 300), st.integers(2, 6), st.integers(0, 1000), st.lists(st.integers(0, 300), max_size=8)
)
def test_any_partition_in_any_order_agrees_with_numpy(n: int, d: int, seed: int, cuts: list[int]) -> None:
    rows = sample(n, d, seed)
    order = np.random.default_rng(seed).permutation(n)
    parts = [moments_of(part) for part in np.split(rows[order], sorted(min(c, n) for c in cuts))]
    whole = parts[0]
    for part in parts[1:]:
        whole = merge_moments(part, whole)
    close(whole, rows)


def test_merging_is_commutative_to_the_bit_and_has_an_empty_element() -> None:
    one, other = moments_of(sample(30, 4, 0)), moments_of(sample(7, 4, 1))
    nothing = moments_of(sample(0, 4, 2))
    left, right = merge_moments(one, other), merge_moments(other, one)
    assert np.array_equal(left.mean, right.mean)
    assert np.array_equal(left.scatter, right.scatter)
    assert np.array_equal(merge_moments(nothing, one).scatter, one.scatter)
    assert np.array_equal(merge_moments(one, nothing).mean, one.mean)


def test_ten_thousand_small_merges_of_a_large_offset_stay_exact() -> None:
    rows = sample(20_000, 3, 5) + np.float32(1000)
    whole = moments_of(rows[:2])
    for start in range(2, len(rows), 2):
        whole = merge_moments(whole, moments_of(rows[start : start + 2]))
    close(whole, rows)


def test_projecting_moments_is_taking_moments_of_projections() -> None:
    rows, other = sample(400, 20, 0), sample(150, 20, 1)
    reference = moments_of(rows)
    projection = fit_projection(reference.mean, reference.scatter, dimensions=8)
    late, early = project_moments(moments_of(other), projection), moments_of(other, projection)
    scale = np.abs(early.scatter).max()
    assert late.mean == pytest.approx(early.mean, abs=1e-9 * np.sqrt(scale))
    assert np.max(np.abs(late.scatter - early.scatter)) < 1e-9 * scale


def test_below_two_there_is_no_covariance() -> None:
    assert np.isnan(covariance(moments_of(sample(1, 3, 0)))).all()


def test_other_projections_do_not_merge() -> None:
    rows = sample(50, 6, 0)
    moments = moments_of(rows)
    projection = fit_projection(moments.mean, moments.scatter, dimensions=2)
    with pytest.raises(IncomparableError, match=r"projected differently .*--reference FIRST\.dwp"):
        merge_moments(moments, moments_of(rows, projection))
