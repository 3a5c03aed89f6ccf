"""What the monitored model's scores say: black-box shift and label shift on the shared permutations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.evidence.column_strengths import column_strengths
from driftwheel.drift.replays.effect_gate import EffectGate
from driftwheel.drift.replays.replay import kolmogorov_smirnov_replays, mix_replays
from driftwheel.drift.replays.replayed_effects import ReplayedEffect
from driftwheel.drift.rules import EFFECT_FLOOR_KOLMOGOROV_SMIRNOV, EFFECT_FLOOR_TOTAL_VARIATION, LEAST_SAMPLE
from driftwheel.drift.statistics.label_shift import LabelShift, label_shift, predicted_classes
from driftwheel.drift.statistics.total_variation import total_variation
from driftwheel.drift.verdict import ClassShare

__all__ = ["CONFIDENCE", "MOST_COLUMNS", "ScoreEvidence", "highest_scored", "score_evidence"]

MOST_COLUMNS = 32
"""Score columns that are tested: of more classes, those with the largest mean score over both samples."""

CONFIDENCE = "confidence"
"""The name of the column of largest scores, which is tested beside those of the classes."""

_MOST_SHARES = 50


@dataclass(frozen=True, slots=True, eq=False)
class ScoreEvidence:
    """The evidence of the scores.

    Attributes
    ----------
    strength, null_strength
        −log of the smallest column p-value, observed and (B,) under each permutation.
    mix_strength, mix_null_strength
        χ² of the predicted classes, observed and (B,) under each permutation.
    column, statistic, threshold
        The column with the largest Kolmogorov-Smirnov statistic, that statistic, and what the largest of
        replayed windows does not reach.
    mix_effect, mix_threshold
        Total variation distance of the mixes of predicted classes, and what replayed windows do not reach.
    shares
        The classes whose share is least like chance, at most 50.
    n_reference, n_current
        Images with scores.
    effects
        `statistic` and `mix_effect`, beside those of replayed windows.
    """

    strength: float
    null_strength: NDArray[np.float64]
    mix_strength: float
    mix_null_strength: NDArray[np.float64]
    column: str
    statistic: float
    threshold: float
    mix_effect: float
    mix_threshold: float
    shares: tuple[ClassShare, ...]
    n_reference: int
    n_current: int
    effects: tuple[ReplayedEffect, ...]


def score_evidence(
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    classes: tuple[str, ...],
    *,
    labels: NDArray[np.bool_],
    gate: EffectGate,
) -> ScoreEvidence | None:
    """Weigh the scores of a current sample against the reference; None with fewer than 20 on either side.

    Parameters
    ----------
    reference, current
        (n, k) and (m, k) softmax scores, a row of NaN where the model gave none: such a row takes no part.
    classes
        k names.
    labels
        (B, n + m) permutations from `draw_labels`.
    gate
        What an effect must pass.

    Notes
    -----
    Each column, and the largest score of each image, by the largest likelihood ratio over all cuts (see
    `column_strengths`; Lipton, Wang and Smola 2018 and Rabanser, Günnemann and Lipton 2019 take
    Kolmogorov-Smirnov); the mix of predicted classes by Pearson's χ² on the permutations.
    """
    predicted = predicted_classes(reference), predicted_classes(current)
    sizes = [int(np.count_nonzero(codes >= 0)) for codes in predicted]
    if min(sizes) < LEAST_SAMPLE:
        return None
    before, now, names = _columns(reference, current, classes)
    found = column_strengths(before, now, labels)
    furthest = int(found.statistic.argmax())
    mix = label_shift(*predicted, len(classes), labels)
    effects = (
        ReplayedEffect(
            float(found.statistic[furthest]),
            gate.replayed(
                lambda replays: np.max([kolmogorov_smirnov_replays(one, replays) for one in before.T], axis=0)
            ),
            EFFECT_FLOOR_KOLMOGOROV_SMIRNOV,
        ),
        ReplayedEffect(
            total_variation(mix.reference_counts, mix.current_counts).statistic,
            gate.replayed(lambda replays: mix_replays(predicted[0], replays)),
            EFFECT_FLOOR_TOTAL_VARIATION,
        ),
    )
    threshold, mix_threshold = gate.thresholds(effects)
    return ScoreEvidence(
        strength=float(found.strength.max()),
        null_strength=found.null_strength.max(axis=1),
        mix_strength=mix.observed,
        mix_null_strength=mix.null,
        column=names[furthest],
        statistic=effects[0].effect,
        threshold=threshold,
        mix_effect=effects[1].effect,
        mix_threshold=mix_threshold,
        shares=_shares(mix, classes),
        n_reference=sizes[0],
        n_current=sizes[1],
        effects=effects,
    )


def highest_scored(reference: NDArray[np.float32], current: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the columns of the at most `MOST_COLUMNS` classes with the largest mean score over both samples.

    Examples
    --------
    >>> few, many = np.eye(3, dtype=np.float32), np.tile(np.arange(40, dtype=np.float32), (3, 1)) / 40
    >>> highest_scored(few, few).tolist(), highest_scored(many, many).tolist() == list(range(8, 40))
    ([0, 1, 2], True)
    """
    if reference.shape[1] <= MOST_COLUMNS:
        return np.arange(reference.shape[1])
    total = np.nansum(reference, axis=0, dtype=np.float64) + np.nansum(current, axis=0, dtype=np.float64)
    return np.sort(np.argsort(-total, kind="stable")[:MOST_COLUMNS])


def _columns(
    reference: NDArray[np.float32], current: NDArray[np.float32], classes: tuple[str, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[str, ...]]:
    """Return the columns to test and their names; the choice does not look at which sample a row is of.

    With two classes one column holds what the other does.
    """
    chosen = highest_scored(reference, current) if len(classes) != 2 else np.array([1])
    before, now = (
        np.column_stack([scores[:, chosen], scores.max(axis=1)]) for scores in (reference, current)
    )
    return before, now, (*(classes[i] for i in chosen), CONFIDENCE)


def _shares(mix: LabelShift, classes: tuple[str, ...]) -> tuple[ClassShare, ...]:
    before, now = mix.reference_counts, mix.current_counts
    change = now / max(int(now.sum()), 1) - before / max(int(before.sum()), 1)
    order = np.lexsort((-np.abs(change), mix.class_p_values))
    return tuple(
        ClassShare(classes[i], int(before[i]), int(now[i]), float(mix.class_p_values[i]))
        for i in order[:_MOST_SHARES]
        if before[i] + now[i] > 0
    )
