"""What embeddings say by their moments alone: Hotelling's test of the mean, Fréchet distance as effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.replays.replay import effect_threshold
from driftwheel.drift.rules import EFFECT_FLOOR_FRECHET
from driftwheel.drift.statistics.frechet import frechet_from_moments
from driftwheel.drift.statistics.hotelling import hotelling
from driftwheel.profiles.embedding_moments import EmbeddingMoments, covariance
from driftwheel.records import Evidence

__all__ = ["MOST_AXES", "MomentEvidence", "frechet_effects", "moment_evidence"]

MOST_AXES = 32
"""Principal axes of the reference that embeddings are compared in, at most; one for ten of its images."""

_REPLAYS = 100


@dataclass(frozen=True, slots=True, eq=False)
class MomentEvidence:
    """The evidence of embeddings known by their moments.

    Attributes
    ----------
    mean
        Hotelling's test; its p-value is what an alarm rests on.
    frechet
        `statistic`: squared Fréchet distance on the axes compared; `effect`: the same as a share of the
        reference's variance on them; no p-value.
    threshold
        The Fréchet effect that replayed reference windows do not reach.
    axes
        Principal axes compared.
    """

    mean: Evidence
    frechet: Evidence
    threshold: float
    axes: int


def moment_evidence(
    reference: EmbeddingMoments,
    current: EmbeddingMoments,
    *,
    chance: float,
    rng: np.random.Generator,
    blocks: tuple[Sequence[EmbeddingMoments], NDArray[np.int64]] | None = None,
) -> MomentEvidence:
    """Weigh the moments of current embeddings against the reference's, on the reference's leading axes.

    Parameters
    ----------
    reference, current
        Taken after the same projection, of at least 10 embeddings each.
    chance
        Probability with which a replayed window may pass the threshold.
    blocks
        The moments of the reference's s blocks, and (r, s) how often each replayed window draws each block.
        The threshold is then the larger of what these windows give and what normal ones of the current size
        give.

    Notes
    -----
    Nobody can shuffle what is no longer there: replayed windows are drawn from normal distributions with the
    reference's moments. Real embeddings have heavier tails, which the covariance feels and the mean hardly
    does; that is why the p-value is that of the mean, and a change of spread alone is measured but not
    tested.
    """
    values, vectors = np.linalg.eigh(covariance(reference))
    axes = max(1, min(MOST_AXES, reference.count // 10, int(np.count_nonzero(values > 1e-9 * values[-1]))))
    basis = vectors[:, ::-1][:, :axes]
    variances = np.maximum(values[::-1][:axes], 0.0)
    n, m = reference.count, current.count
    own = np.diag(variances)
    gap = basis.T @ (current.mean - reference.mean)
    theirs = basis.T @ covariance(current) @ basis
    gaps, covariances = _normal_windows(variances, n, m, rng)
    threshold = effect_threshold(frechet_effects(variances, gaps, covariances), chance, EFFECT_FLOOR_FRECHET)
    if blocks is not None:
        gaps, covariances = _block_windows(reference, basis, *blocks)
        replayed = frechet_effects(variances, gaps, covariances)
        threshold = max(threshold, effect_threshold(replayed, chance, EFFECT_FLOOR_FRECHET))
    return MomentEvidence(
        mean=hotelling((np.zeros(axes), gap), (own, theirs), (n, m)),
        frechet=frechet_from_moments(
            EmbeddingMoments(n, np.zeros(axes), own * (n - 1)), EmbeddingMoments(m, gap, theirs * (m - 1))
        ),
        threshold=threshold,
        axes=axes,
    )


def frechet_effects(
    variances: NDArray[np.float64], gaps: NDArray[np.float64], covariances: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (r,) squared Fréchet distances from the reference, as shares of its variance.

    Parameters
    ----------
    variances
        (k,) of the reference on its own axes, where its mean is 0.
    gaps, covariances
        (r, k) means and (r, k, k) covariances on those axes.

    Examples
    --------
    >>> frechet_effects(np.array([1.0]), np.array([[2.0]]), np.array([[[4.0]]]))  # 2² + (2 − 1)²
    array([5.])
    """
    total = float(variances.sum())
    if total <= 0.0:
        return np.where(np.abs(gaps).sum(axis=1) + np.trace(covariances, axis1=1, axis2=2) > 0, np.inf, 0.0)
    deviations = np.sqrt(variances)
    product = deviations[:, None] * covariances * deviations
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(product), 0.0)).sum(axis=1)
    squared = (gaps**2).sum(axis=1) + total + np.trace(covariances, axis1=1, axis2=2) - 2 * roots
    return np.asarray(np.maximum(squared, 0.0) / total)


def _normal_windows(
    variances: NDArray[np.float64], n: int, m: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gaps and covariances of normal windows of m, with the error of n reference vectors."""
    gaps = rng.standard_normal((_REPLAYS, len(variances))) * np.sqrt(variances * (1 / n + 1 / m))
    covariances = _normal_covariances(variances, m, rng)
    covariances += np.diag(variances) - _normal_covariances(variances, n, rng)
    return gaps, covariances


def _normal_covariances(
    variances: NDArray[np.float64], n: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return covariances of samples of n normal vectors with independent components."""
    k = len(variances)
    if n - 1 < k:
        rows = rng.standard_normal((_REPLAYS, n - 1, k))
        scatter = rows.transpose(0, 2, 1) @ rows
    else:  # Bartlett: the factor of a Wishart matrix
        factor = np.tril(rng.standard_normal((_REPLAYS, k, k)), -1)
        diagonal = np.arange(k)
        factor[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n - 1 - diagonal, size=(_REPLAYS, k)))
        scatter = factor @ factor.transpose(0, 2, 1)
    deviations = np.sqrt(variances)
    return np.asarray(deviations[:, None] * scatter * deviations / (n - 1))


def _block_windows(
    reference: EmbeddingMoments,
    basis: NDArray[np.float64],
    moments: Sequence[EmbeddingMoments],
    times: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gaps and covariances of windows made of whole blocks."""
    counts = np.array([block.count for block in moments], dtype=np.float64)
    means = np.stack([basis.T @ (block.mean - reference.mean) for block in moments])
    seconds = np.stack([basis.T @ block.scatter @ basis for block in moments])
    seconds += counts[:, None, None] * means[:, :, None] * means[:, None, :]
    total = (times @ counts)[:, None]
    gaps = (times * counts) @ means / total
    products = np.tensordot(times.astype(np.float64), seconds, axes=1) / total[:, :, None]
    return gaps, products - gaps[:, :, None] * gaps[:, None, :]
