"""What the embeddings say: a kernel test on the shared permutations, Fréchet against replayed windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.domain_classifier import LEAST_IMAGES, domain_classifier
from driftwheel.drift.mmd import mmd_permutations
from driftwheel.drift.replay import effect_threshold
from driftwheel.drift.tail import tail_p_value
from driftwheel.profiles.projection import Projection, fit_projection
from driftwheel.records import Evidence

__all__ = ["EMBEDDING_AXES", "EmbeddingEvidence", "embedding_evidence"]

EMBEDDING_AXES = 128
"""Embeddings are compared in at most so many principal axes of the pooled sample: no permutation changes
those.
"""

EFFECT_FLOOR_FRECHET = 0.01
"""A squared Fréchet distance below this share of the reference's own variance never alarms (about 0.1 σ)."""

_FRECHET_AXES = 32  # covariances of windows of 50 images carry no more
_FRECHET_REPLAYS = 100


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
    """

    strength: float
    null_strength: NDArray[np.float64]
    frechet: Evidence
    mmd: Evidence
    classifier: Evidence | None
    threshold: float


def embedding_evidence(
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    *,
    labels: NDArray[np.bool_],
    windows: NDArray[np.float32],
    chance: float,
    rng: np.random.Generator,
) -> EmbeddingEvidence:
    """Weigh the embeddings of a current sample against the reference.

    Parameters
    ----------
    reference, current
        (n, d) and (m, d), finite.
    labels
        (B, n + m) permutations.
    windows
        (r, n) weights of replayed windows of the current size.
    chance
        Probability with which a replayed window may pass the effect threshold.
    """
    n, m = len(reference), len(current)
    axes = _principal_axes(np.concatenate([reference, current]), EMBEDDING_AXES)
    left, right = (axes.apply(x).astype(np.float32) for x in (reference, current))
    kernel = mmd_permutations(left, right, labels)
    centre, scale = kernel.null.mean(axis=0), kernel.null.std(axis=0) + 1e-12
    strength = float(((kernel.observed - centre) / scale).max())
    null_strength = ((kernel.null - centre) / scale).max(axis=1)
    mmd_p_value = float(tail_p_value(strength, null_strength))
    mmd = Evidence("mmd", float(kernel.observed.max()), mmd_p_value, strength, n, m)

    own = _principal_axes(reference, _FRECHET_AXES)
    effect, replayed = _frechet_effects(own.apply(reference), own.apply(current), windows[:_FRECHET_REPLAYS])
    return EmbeddingEvidence(
        strength=strength,
        null_strength=null_strength,
        frechet=Evidence("frechet", effect, float(tail_p_value(effect, replayed)), effect, n, m),
        mmd=mmd,
        classifier=domain_classifier(left, right, rng=rng).evidence if n + m >= LEAST_IMAGES else None,
        threshold=effect_threshold(replayed, chance, EFFECT_FLOOR_FRECHET),
    )


def _principal_axes(sample: NDArray[np.float32], count: int) -> Projection:
    centre = sample.mean(axis=0, dtype=np.float64)
    centred = (sample - centre).astype(np.float32)
    return fit_projection(centre, (centred.T @ centred).astype(np.float64), dimensions=count)
