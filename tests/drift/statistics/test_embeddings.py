import numpy as np
import pytest

from driftwheel.drift.statistics.embeddings import as_embeddings, orthonormal_projection
from driftwheel.errors import IncomparableError, UsageError


def test_any_float_becomes_float32() -> None:
    first, second = as_embeddings(np.ones((2, 3), np.float16), np.ones((4, 3)), least=2)
    assert first.dtype == second.dtype == np.float32


@pytest.mark.parametrize(
    ("current", "message"),
    [
        (np.ones(3), r"`current` has shape \(3,\)"),
        (np.ones((1, 3)), "`current` has 1 images; this test needs at least 2"),
        (np.full((4, 3), np.nan), "not finite"),
    ],
)
def test_what_is_not_a_table_of_embeddings(current: np.ndarray, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        as_embeddings(np.ones((4, 3)), current, least=2)


def test_embeddings_of_two_embedders_are_not_compared() -> None:
    with pytest.raises(IncomparableError, match="3 dimensions and the current images 4"):
        as_embeddings(np.ones((4, 3)), np.ones((4, 4)), least=2)


def test_projection_is_orthonormal_seeded_and_keeps_mean_distances() -> None:
    matrix = orthonormal_projection(256, 64, np.random.default_rng(1))
    assert np.allclose(matrix.T @ matrix, np.eye(64), atol=1e-5)
    assert (matrix == orthonormal_projection(256, 64, np.random.default_rng(1))).all()
    points = np.random.default_rng(2).normal(size=(100, 256)).astype(np.float32)
    ratio = np.sum((points @ matrix) ** 2) / np.sum(points**2)
    assert ratio == pytest.approx(64 / 256, rel=0.05)
    with pytest.raises(UsageError, match="Cannot project 8 dimensions to 9"):
        orthonormal_projection(8, 9, np.random.default_rng(0))
