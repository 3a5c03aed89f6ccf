"""What the embeddings say: a kernel test on the shared permutations, Fréchet against replayed windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.replays.effect_gate import EffectGate
from driftwheel.drift.replays.replay import Replays
from driftwheel.drift.replays.replayed_effects import ReplayedEffect
from driftwheel.drift.rules import EFFECT_FLOOR_FRECHET
from driftwheel.drift.statistics.frechet import frechet, trace_of_root
from driftwheel.drift.statistics.mmd import mmd_permutations
from driftwheel.drift.statistics.tail import tail_p_value
from driftwheel.profiles.projection import MOST_DIMENSIONS, Projection, fit_projection
from driftwheel.records import Evidence

__all__ = ["EmbeddingEvidence", "embedding_evidence", "pooled_axes"]

_FRECHET_AXES = 32  # covariances of windows of 50 images carry no more
_FRECHET_REPLAYS = 100
_ROWS = 4096  # whose products are held at once


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingEvidence:
    """The evidence of the embeddings.

    Attributes
    ----------
    strength, null_strength
        Studentised kernel statistic, the largest over bandwidths, observed and (B,) under each permutation.
    frechet, mmd, classifier
        The three tests; `classifier` is None below the least sample it is meant for. Fréchet's `effect` is
        d² over the reference's own variance.
    threshold
        The Fréchet effect that replayed reference windows do not reach.
    distance
        The root of the Fréchet effect, beside those of replayed windows.
    """

    strength: float
    null_strength: NDArray[np.float64]
    frechet: Evidence
    mmd: Evidence
    threshold: float
    distance: ReplayedEffect


def embedding_evidence(
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    *,
    labels: NDArray[np.bool_],
    cells: NDArray[np.intp],
    gate: EffectGate,
    rng: np.random.Generator,
) -> EmbeddingEvidence:
    """Weigh the embeddings of a current sample against the reference.

    Parameters
    ----------
    reference, current
        (n, k) and (m, k) from `pooled_axes`.
    labels
        (B, n + m) permutations.
    cells
        (n + m,) which images they move together, from `draw_cells`.
    gate
        What the Fréchet effect must pass.
    """
    n, m = len(reference), len(current)
    kernel = mmd_permutations(reference, current, labels, rng=rng, cells=cells)
    centre, scale = kernel.null.mean(axis=0), kernel.null.std(axis=0) + 1e-12
    strength = float(((kernel.observed - centre) / scale).max())
    null_strength = ((kernel.null - centre) / scale).max(axis=1)
    mmd_p_value = float(tail_p_value(strength, null_strength))
    mmd = Evidence("mmd", float(kernel.observed.max()), mmd_p_value, strength, n, m)

    own = _principal_axes(reference, _FRECHET_AXES)
    placed, seen = own.apply(reference), own.apply(current)
    distance = frechet(placed, seen)
    effect = float(distance.effect or 0.0)
    replayed = gate.replayed(lambda replays: np.sqrt(_replayed_effects(placed, replays)))
    root = ReplayedEffect(float(np.sqrt(max(effect, 0.0))), replayed, float(np.sqrt(EFFECT_FLOOR_FRECHET)))
    return EmbeddingEvidence(
        strength=strength,
        null_strength=null_strength,
        frechet=Evidence(
            "frechet", distance.statistic, float(tail_p_value(effect, replayed**2)), effect, n, m
        ),
        mmd=mmd,
        threshold=gate.thresholds([root])[0] ** 2,
        distance=root,
    )


def _replayed_effects(placed: NDArray[np.float64], replays: Replays) -> NDArray[np.float64]:
    """Return the Fréchet effects of replayed windows against replayed references."""
    windows = _moments(placed, replays.windows[:_FRECHET_REPLAYS])
    references = _moments(placed, replays.references[:_FRECHET_REPLAYS])
    effects = []
    for mean, covariance, other_mean, other in zip(*references, *windows, strict=True):
        moved = float(np.sum((mean - other_mean) ** 2))
        spread = max(float(np.trace(covariance)), 1e-12)
        effects.append((moved + spread + np.trace(other) - 2 * trace_of_root(covariance, other)) / spread)
    return np.array(np.maximum(effects, 0.0))


def _moments(
    placed: NDArray[np.float64], weights: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (r, k) means and (r, k, k) covariances of (n, k) rows under each of (r, n) weights."""
    k = placed.shape[1]
    first, second = np.triu_indices(k)
    centred = placed - placed.mean(axis=0)
    mean, upper = np.zeros((len(weights), k)), np.zeros((len(weights), len(first)))
    for start in range(0, len(placed), _ROWS):
        rows = centred[start : start + _ROWS]
        shares = weights[:, start : start + _ROWS].astype(np.float64)
        mean += shares @ rows
        upper += shares @ (rows[:, first] * rows[:, second])
    covariance = np.empty((len(weights), k, k))
    covariance[:, first, second] = covariance[:, second, first] = upper
    return mean, covariance - mean[:, :, None] * mean[:, None, :]


def pooled_axes(
    reference: NDArray[np.float32], current: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (n, k) and (m, k) coordinates of embeddings on k ≤ 128 principal axes of both together.

    No permutation of labels changes the axes, so tests on the coordinates stay exact.
    """
    pooled = np.concatenate([reference, current])
    axes = _principal_axes(pooled, MOST_DIMENSIONS)
    placed = (pooled - axes.centre) @ axes.matrix.T
    return placed[: len(reference)], placed[len(reference) :]


def _principal_axes(sample: NDArray[np.float32], count: int) -> Projection:
    centre = sample.mean(axis=0, dtype=np.float64)
    centred = (sample - centre).astype(np.float32)
    return fit_projection(centre, (centred.T @ centred).astype(np.float64), dimensions=count)
