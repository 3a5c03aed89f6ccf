"""Moments of embeddings: Fréchet against its definition, honest p-values, few images in many dimensions."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from driftwheel.drift.evidence.moment_evidence import frechet_effects, moment_evidence
from driftwheel.profiles.embedding_moments import EmbeddingMoments, moments_of


def sample(n: int, rng: np.random.Generator, shift: float = 0.0, stretch: float = 1.0) -> EmbeddingMoments:
    rows = rng.standard_t(5, (n, 20)) * np.linspace(4, 0.2, 20) * stretch + shift
    return moments_of(rows.astype(np.float32))


def test_frechet_effects_against_the_definition() -> None:
    rng = np.random.default_rng(0)
    variances = np.array([4.0, 2.0, 0.5])
    gap, root = rng.normal(size=3), rng.normal(size=(3, 3))
    covariance = root @ root.T
    middle = sqrtm(sqrtm(np.diag(variances)) @ covariance @ sqrtm(np.diag(variances)))
    expected = gap @ gap + np.trace(np.diag(variances) + covariance - 2 * np.real(middle))
    found = frechet_effects(variances, gap[None], covariance[None])
    assert found == pytest.approx([expected / variances.sum()])


@pytest.mark.parametrize(("n", "m"), [(500, 20), (500, 300), (40, 40)])
def test_p_values_are_honest_with_heavy_tails(n: int, m: int) -> None:
    rng = np.random.default_rng(n + m)
    p = [
        moment_evidence(sample(n, rng), sample(m, rng), chance=0.01, rng=rng).mean.p_value for _ in range(200)
    ]
    assert np.mean(np.array(p, dtype=np.float64) <= 0.05) < 0.09  # 0.05 + 2.6 standard errors


def test_a_shift_is_found_and_large_enough() -> None:
    rng = np.random.default_rng(0)
    found = moment_evidence(sample(500, rng), sample(100, rng, shift=2.0), chance=0.003, rng=rng)
    assert found.mean.p_value is not None
    assert found.mean.p_value < 1e-6
    assert found.frechet.effect is not None
    assert found.frechet.effect > found.threshold
    assert found.axes == 20


def test_a_spread_is_measured_but_not_tested() -> None:
    rng = np.random.default_rng(0)
    found = moment_evidence(sample(500, rng), sample(500, rng, stretch=2.0), chance=0.003, rng=rng)
    assert found.frechet.effect is not None
    assert found.frechet.effect > found.threshold
    assert found.frechet.effect == pytest.approx(1.0, abs=0.3)  # (2σ − σ)² / σ²


def test_fewer_images_than_dimensions_are_compared_on_few_axes() -> None:
    rng = np.random.default_rng(0)
    found = moment_evidence(sample(20, rng), sample(20, rng), chance=0.01, rng=rng)
    assert found.axes == 2


def test_a_constant_reference() -> None:
    rng = np.random.default_rng(0)
    constant = moments_of(np.ones((50, 4), np.float32))
    same = moment_evidence(constant, constant, chance=0.01, rng=rng)
    assert (same.frechet.effect, same.mean.p_value) == (0.0, 1.0)
