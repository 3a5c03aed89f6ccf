"""The projection: principal components against numpy, rank, identity, and the wrong width."""

import numpy as np
import pytest

from driftwheel.errors import IncomparableError
from driftwheel.profiles.embedding_moments import moments_of
from driftwheel.profiles.projection import fit_projection, projection_from


def rows_of(n: int, d: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n, d)) * np.linspace(5, 0.1, d)).astype(np.float32)


def test_keeps_the_directions_of_largest_variance() -> None:
    rows = rows_of(2000, 12)
    moments = moments_of(rows)
    projection = fit_projection(moments.mean, moments.scatter, dimensions=3)
    _, _, vectors = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    assert np.abs(np.sum(projection.matrix * vectors[:3], axis=1)) == pytest.approx([1, 1, 1], abs=1e-5)
    assert projection.matrix @ projection.matrix.T == pytest.approx(np.eye(3), abs=1e-6)
    assert projection.apply(rows).mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-5)


def test_at_most_128_and_no_more_than_the_images_span() -> None:
    many, few = moments_of(rows_of(400, 200)), moments_of(rows_of(20, 200))
    assert fit_projection(many.mean, many.scatter).matrix.shape == (128, 200)
    assert fit_projection(few.mean, few.scatter).matrix.shape == (19, 200)


def test_equal_moments_give_an_equal_id_and_other_numbers_another() -> None:
    moments = moments_of(rows_of(100, 6))
    one = fit_projection(moments.mean, moments.scatter)
    assert one.id == fit_projection(moments.mean, moments.scatter * 2).id
    assert one.id != projection_from(one.centre, one.matrix + np.float32(1e-3)).id
    assert len(one.id) == 16


def test_the_wrong_width_is_named() -> None:
    moments = moments_of(rows_of(100, 6))
    projection = fit_projection(moments.mean, moments.scatter)
    with pytest.raises(IncomparableError, match="have 5 dimensions, the reference's projection expects 6"):
        projection.apply(rows_of(3, 5))


def test_images_that_are_all_the_same_span_nothing() -> None:
    assert fit_projection(np.ones(4), np.zeros((4, 4))).matrix.shape == (0, 4)
