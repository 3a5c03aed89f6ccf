"""Property by property, reference against current, from histograms and exact sums alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.replays.block_replay import replay_counts
from driftwheel.drift.replays.replay import effect_threshold
from driftwheel.drift.rules import EFFECT_FLOOR_SIGMAS, EFFECT_FLOOR_TOTAL_VARIATION, LEAST_SPREAD
from driftwheel.drift.statistics.chi_squared import chi_squared
from driftwheel.drift.statistics.jensen_shannon import jensen_shannon
from driftwheel.drift.statistics.kolmogorov_smirnov import kolmogorov_smirnov_from_histograms
from driftwheel.drift.statistics.psi import psi, psi_from_histograms
from driftwheel.drift.statistics.total_variation import total_variation
from driftwheel.drift.statistics.wasserstein import wasserstein_from_histograms
from driftwheel.drift.verdict import PropertyDrift
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.property_summary import PropertySummary, mean, standard_deviation

__all__ = ["Replays", "can_be_compared", "histogram_evidence"]


@dataclass(frozen=True, slots=True, eq=False)
class Replays:
    """How reference windows are replayed.

    `count` windows of the current size and as many of the reference's; `blocks` holds, for every block of the
    reference, its summaries in the order of the reference's, and `times` how often the windows of both sizes
    draw each block; both are None where single images are drawn. A replayed window may pass its property's
    threshold with probability `chance`.
    """

    count: int
    chance: float
    rng: np.random.Generator
    blocks: tuple[tuple[PropertySummary, ...], ...] | None = None
    times: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None


def can_be_compared(reference: PropertySummary, current: PropertySummary) -> bool:
    """Return whether something can be said: both have values, with the same bins, and not all in one bin."""
    if reference.definition != current.definition or not reference.count or not current.count:
        return False
    return int(np.count_nonzero(reference.counts + current.counts)) > 1


def histogram_evidence(
    pairs: Sequence[tuple[PropertySummary, PropertySummary]], replays: Replays
) -> tuple[PropertyDrift, ...]:
    """Weigh pairs of summaries that `can_be_compared`, reference first.

    Returns
    -------
    tuple of PropertyDrift
        In the order of `pairs`; `drifted` says only whether the effect is beyond its threshold, and `p_value`
        is not yet corrected: both wait for all the evidence. For a number `statistic` is the KS distance read
        off the histogram, at most `statistic_error` below that of the raw values; `effect` the Wasserstein
        distance in reference σ, both on the scale of the bins (the logarithm where those are logarithmic). An
        angle is cut open opposite to the mean direction of both samples. For a category
        `statistic` is the largest change of one share, `effect` the total variation distance, and the
        p-value that of χ².
    """
    numeric = [i for i, (reference, _) in enumerate(pairs) if reference.definition.kind != "category"]
    scales = [_scale(*pairs[i]) for i in numeric]
    drifts = {i: _category(*pair, i, replays) for i, pair in enumerate(pairs) if i not in numeric}
    if scales:
        drifts |= zip(numeric, _numbers(pairs, numeric, scales, replays), strict=True)
    return tuple(drifts[i] for i in range(len(pairs)))


def _numbers(
    pairs: Sequence[tuple[PropertySummary, PropertySummary]],
    numeric: list[int],
    scales: list[_Scale],
    replays: Replays,
) -> Iterator[PropertyDrift]:
    tables = np.zeros((2, len(scales), max(len(scale.reference) for scale in scales)), np.int64)
    for row, scale in enumerate(scales):  # fewer bins than the widest: empty ones at the end change nothing
        tables[:, row, : len(scale.reference)] = scale.reference, scale.current
    gaps = kolmogorov_smirnov_from_histograms(*tables)
    stability, divergence = psi_from_histograms(*tables), jensen_shannon(*tables)
    for row, (i, scale) in enumerate(zip(numeric, scales, strict=True)):
        reference, current = pairs[i]
        effect, threshold = _moved(scale, reference, i, replays)
        yield PropertyDrift(
            name=reference.name,
            drifted=effect > threshold,
            p_value=float(gaps.p_value[row]),
            statistic=float(gaps.statistic[row]),
            effect=effect,
            threshold=threshold,
            wasserstein_sigmas=effect,
            psi=float(stability.statistic[row]),
            jensen_shannon=float(divergence.statistic[row]),
            reference_mean=mean(reference),
            current_mean=mean(current),
            n_reference=reference.count,
            n_current=current.count,
            statistic_error=float(gaps.error[row]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """Histograms of a pair on the scale of distances; `roll` is how far an angle's bins are turned."""

    reference: NDArray[np.int64]
    current: NDArray[np.int64]
    edges: NDArray[np.float64]
    sigma: float
    roll: int


def _scale(reference: PropertySummary, current: PropertySummary) -> _Scale:
    """Return the pair's scale; not for a category."""
    definition = reference.definition
    edges = definition.edges()
    roll = _roll(definition, reference, current) if definition.kind == "circular" else 0
    if definition.scale == "log":
        edges = np.log(edges)
    left, right = (np.roll(summary.counts, roll) for summary in (reference, current))
    if definition.kind == "number" and definition.scale == "linear":
        sigma = standard_deviation(reference)
    else:
        centres = (edges[1:] + edges[:-1]) / 2
        shares = left / left.sum()
        sigma = math.sqrt(float(shares @ (centres - shares @ centres) ** 2))
    return _Scale(left, right, edges, max(sigma, LEAST_SPREAD * float(edges[-1] - edges[0])), roll)


def _roll(definition: PropertyDefinition, reference: PropertySummary, current: PropertySummary) -> int:
    """Return by how many bins to turn a circle so that the mean of both samples lies in the middle."""
    cosine = reference.total_cosine + current.total_cosine
    sine = reference.total_sine + current.total_sine
    scale = max(abs(cosine), abs(sine), 1)
    turn = math.atan2(sine / scale, cosine / scale) / (2 * math.pi)
    return definition.bins // 2 - round(turn * definition.bins - 0.5)


def _moved(scale: _Scale, reference: PropertySummary, index: int, replays: Replays) -> tuple[float, float]:
    """Return how far the values moved, in reference σ, and how far replayed windows move."""
    moved = wasserstein_from_histograms(scale.reference, scale.current, scale.edges)
    n, m = int(scale.reference.sum()), int(scale.current.sum())
    windows, references = (
        np.roll(_replayed(reference, index, size, side, replays), scale.roll, axis=1)
        for side, size in enumerate((m, n))
    )
    replayed = wasserstein_from_histograms(references, windows, scale.edges).statistic / scale.sigma
    threshold = effect_threshold(replayed, replays.chance, EFFECT_FLOOR_SIGMAS)
    return float(moved.statistic[0]) / scale.sigma, threshold


def _category(
    reference: PropertySummary, current: PropertySummary, index: int, replays: Replays
) -> PropertyDrift:
    counts = reference.counts, current.counts
    found = chi_squared(*counts, rng=replays.rng)
    effect = total_variation(*counts).statistic
    windows, references = (
        _replayed(reference, index, size, side, replays)
        for side, size in enumerate((current.count, reference.count))
    )
    shares = [table / table.sum(axis=1, keepdims=True) for table in (windows, references)]
    replayed = 0.5 * np.abs(shares[0] - shares[1]).sum(axis=1)
    threshold = effect_threshold(replayed, replays.chance, EFFECT_FLOOR_TOTAL_VARIATION)
    return PropertyDrift(
        name=reference.name,
        drifted=effect > threshold,
        p_value=1.0 if found.p_value is None else found.p_value,
        statistic=float(np.abs(counts[0] / reference.count - counts[1] / current.count).max()),
        effect=effect,
        threshold=threshold,
        wasserstein_sigmas=None,
        psi=float(psi(*counts).statistic[0]),
        jensen_shannon=float(jensen_shannon(*counts).statistic[0]),
        reference_mean=None,
        current_mean=None,
        n_reference=reference.count,
        n_current=current.count,
    )


def _replayed(
    reference: PropertySummary, index: int, size: int, side: int, replays: Replays
) -> NDArray[np.int64]:
    """Return replayed histograms of one property; `index` is its place among those of `replays.blocks`."""
    blocks = None
    if replays.blocks is not None and replays.times is not None:
        blocks = np.stack([block[index].counts for block in replays.blocks]), replays.times[side]
    return replay_counts(reference.counts, size, replays.count, replays.rng, blocks)
