"""What the properties say: all tested at once by permutation, each effect against replayed windows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.evidence.column_strengths import column_strengths
from driftwheel.drift.evidence.columns import circular_mean, property_columns, unroll
from driftwheel.drift.replays.effect_gate import EffectGate
from driftwheel.drift.replays.replay import mix_replays, wasserstein_replays
from driftwheel.drift.replays.replayed_effects import ReplayedEffect
from driftwheel.drift.rules import EFFECT_FLOOR_SIGMAS, EFFECT_FLOOR_TOTAL_VARIATION, LEAST_SPREAD
from driftwheel.drift.statistics.jensen_shannon import jensen_shannon, jensen_shannon_columns
from driftwheel.drift.statistics.psi import psi, psi_columns
from driftwheel.drift.statistics.tail import tail_p_value
from driftwheel.drift.statistics.total_variation import total_variation
from driftwheel.drift.statistics.wasserstein import wasserstein
from driftwheel.drift.verdict import PropertyDrift
from driftwheel.images.properties import Property

__all__ = ["PropertyEvidence", "property_evidence"]


@dataclass(frozen=True, slots=True, eq=False)
class PropertyEvidence:
    """The evidence of all properties together.

    Attributes
    ----------
    strength, null_strength
        −log of the smallest column p-value, observed and (B,) under each permutation.
    properties
        One entry a property that is defined on both sides, strongest evidence first. `p_value` is corrected
        over all columns (Westfall and Young's single-step max T, 1993).
    effects
        The effect of each of them, beside those of replayed windows.
    """

    strength: float
    null_strength: NDArray[np.float64]
    properties: tuple[PropertyDrift, ...]
    effects: tuple[ReplayedEffect, ...] = ()


def property_evidence(
    properties: tuple[Property, ...],
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    *,
    labels: NDArray[np.bool_],
    gate: EffectGate,
) -> PropertyEvidence:
    """Weigh every property of a current sample against the reference.

    Parameters
    ----------
    properties
        p rows of the property table.
    reference, current
        (n, p) and (m, p) values, NaN where undefined.
    labels
        (B, n + m) permutations from `draw_labels`.
    gate
        What an effect must pass.
    """
    columns = property_columns(properties, reference, current)
    if not len(columns.owner):
        return PropertyEvidence(0.0, np.zeros(len(labels)), ())
    found = column_strengths(columns.reference, columns.current, labels, columns.circular)
    null_strength = found.null_strength.max(axis=1)
    corrected = tail_p_value(found.strength, null_strength)
    drifts, effects = [], []
    for index, one in enumerate(properties):
        before, now = reference[:, index], current[:, index]
        if np.isnan(before).all() or np.isnan(now).all():
            continue
        mine = columns.owner == index
        p_value = float(corrected[mine].min(initial=1.0))
        gap = float(found.statistic[mine].max(initial=0.0))
        weigh = _category_drift if one.kind == "category" else _number_drift
        drift, effect = weigh(one, before, now, p_value=p_value, gap=gap, gate=gate)
        drifts.append(drift)
        effects.append(effect)
    drifts = [
        replace(one, threshold=threshold, drifted=one.p_value <= gate.alpha and one.effect > threshold)
        for one, threshold in zip(drifts, gate.thresholds(effects), strict=True)
    ]
    drifts.sort(key=lambda d: (not d.drifted, d.p_value, -d.effect / d.threshold, d.name))
    return PropertyEvidence(float(found.strength.max()), null_strength, tuple(drifts), tuple(effects))


def _number_drift(
    one: Property,
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    *,
    p_value: float,
    gap: float,
    gate: EffectGate,
) -> tuple[PropertyDrift, ReplayedEffect]:
    means = _mean(one, reference), _mean(one, current)
    scaled, other = _scaled(one, reference, means[0]), _scaled(one, current, means[0])
    a, b = scaled[~np.isnan(scaled)], other[~np.isnan(other)]
    spread = max(float(a.std(dtype=np.float64)), _least_spread(one))
    effect = wasserstein(a, b).statistic / spread
    replayed = gate.replayed(lambda replays: wasserstein_replays(scaled, replays) / spread)
    pair = a[:, None], b[:, None]
    drift = PropertyDrift(
        name=one.name,
        drifted=False,  # until the threshold is known, which all properties share
        p_value=p_value,
        statistic=gap,
        effect=effect,
        threshold=EFFECT_FLOOR_SIGMAS,
        wasserstein_sigmas=effect,
        psi=float(psi_columns(*pair).statistic[0]),
        jensen_shannon=float(jensen_shannon_columns(*pair).statistic[0]),
        reference_mean=means[0],
        current_mean=means[1],
        n_reference=len(a),
        n_current=len(b),
    )
    return drift, ReplayedEffect(effect, replayed, EFFECT_FLOOR_SIGMAS)


def _category_drift(
    one: Property,
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    *,
    p_value: float,
    gap: float,
    gate: EffectGate,
) -> tuple[PropertyDrift, ReplayedEffect]:
    levels = np.arange(len(one.categories))
    left, right = (x[:, None] == levels for x in (reference, current))
    counts = left.sum(axis=0), right.sum(axis=0)
    effect = total_variation(*counts).statistic
    codes = np.where(left.any(axis=1), left.argmax(axis=1), -1)
    replayed = gate.replayed(lambda replays: mix_replays(codes, replays))
    drift = PropertyDrift(
        name=one.name,
        drifted=False,
        p_value=p_value,
        statistic=gap,
        effect=effect,
        threshold=EFFECT_FLOOR_TOTAL_VARIATION,
        wasserstein_sigmas=None,
        psi=float(psi(*counts).statistic[0]),
        jensen_shannon=float(jensen_shannon(*counts).statistic[0]),
        reference_mean=None,
        current_mean=None,
        n_reference=int(counts[0].sum()),
        n_current=int(counts[1].sum()),
    )
    return drift, ReplayedEffect(effect, replayed, EFFECT_FLOOR_TOTAL_VARIATION)


def _mean(one: Property, column: NDArray[np.float32]) -> float:
    return circular_mean(column) if one.kind == "circular" else float(np.nanmean(column, dtype=np.float64))


def _scaled(one: Property, column: NDArray[np.float32], centre: float) -> NDArray[np.float32]:
    """Return a column on the scale of its distances: degrees from the centre, logs where bins are."""
    if one.kind == "circular":
        return unroll(column, centre)
    if one.scale == "log":
        return np.asarray(np.log(np.clip(column, _least(one), None, dtype=np.float64)), dtype=np.float32)
    return column


def _least(one: Property) -> float:
    return max(one.low, 1e-6)


def _least_spread(one: Property) -> float:
    """Return what stands in for σ of a constant reference, on the scale of `_scaled`."""
    span = np.log(one.high / _least(one)) if one.scale == "log" else one.high - one.low
    return LEAST_SPREAD * float(span)
