"""Kind of change: another mix of predicted classes, the same content that looks different, or both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.diagnosis import Diagnosis
from driftwheel.drift.evidence.column_strengths import ColumnStrengths, column_strengths
from driftwheel.drift.evidence.columns import circular_mean, property_columns, unroll
from driftwheel.drift.evidence.score_evidence import highest_scored
from driftwheel.drift.rules import EFFECT_FLOOR_TOTAL_VARIATION, LEAST_SAMPLE
from driftwheel.drift.statistics.label_shift import label_shift, predicted_classes
from driftwheel.drift.statistics.permutations import draw_labels
from driftwheel.drift.statistics.tail import tail_p_value
from driftwheel.drift.statistics.total_variation import total_variation
from driftwheel.drift.verdict import Kind, Verdict
from driftwheel.images.properties import property_named
from driftwheel.records import Records

__all__ = ["KindOfChange", "explained", "joined_kind", "kind_of_change"]

ALPHA = 0.01
"""Below this p-value the mix changed, or evidence stays."""

STAYS = 1 / 3
"""Share of the largest difference beyond chance that must stay within classes to count as staying."""

_PERMUTATIONS = 200
_MOST_ROWS = 3000  # on either side: kinds are told apart by large differences
_AXES = 16  # of the embeddings
_CHANCE = 0.87  # mean of Kolmogorov's distribution: √(nm / (n + m)) times the statistic without a change

KindByClass = Literal["content", "appearance", "mixed", "unknown"]


@dataclass(frozen=True, slots=True)
class KindOfChange:
    """What the predicted classes say of a change.

    Attributes
    ----------
    kind
        ``content``: the mix of predicted classes changed, and within them nothing is left of the evidence.
        ``appearance``: the mix is the same, and the evidence stays. ``mixed``: both. ``unknown``: neither.
    mix_p_value, mix_effect
        Whether the mix of predicted classes changed, and its total variation distance in [0, 1].
    within_p_value
        Whether anything changed within predicted classes.
    stays
        Share of the largest Kolmogorov-Smirnov difference beyond chance that is left within classes, in
        [0, 1].
    """

    kind: KindByClass
    mix_p_value: float
    mix_effect: float
    within_p_value: float
    stays: float


def kind_of_change(reference: Records, current: Records, *, rng: np.random.Generator) -> KindOfChange | None:
    """Say what kind of change it is by reweighting the reference to the window's mix of predicted classes.

    Meant for windows that were found to have drifted. None where fewer than 20 images on either side have
    scores: then predictions say nothing of the kind.

    Parameters
    ----------
    reference, current
        Measured alike; records of different classes are not to be given.

    Notes
    -----
    Every value is replaced by its rank among all images of the same predicted class, so a class counts as
    often in the reference as it does in the window, whatever its share, and no image is thrown away; images
    are then permuted within their class only. The p-value is exact for "within a class nothing changed",
    however few images a class has. Looked at are all properties, the first 16 principal axes of the
    embeddings and the scores, of many classes the 32 that the judge looks at.

    A model errs: where the true mix changed, so did the share of errors within each predicted class. So a
    change counts as left only if it is beyond chance *and* at least a third of the largest difference.
    And what changes how images look may change what the model takes them for; such a change is ``mixed``
    here, unless a camera fault explains it (see `joined_kind`). On simulated models that are right nine
    times in ten (1,000 reference images, windows of 60 to 200) content is named so in 93 to 98 of 100
    windows, appearance in 97, both in 99.
    """
    if reference.scores is None or current.scores is None:
        return None
    left, right = _scored(reference, rng), _scored(current, rng)
    if min(len(left), len(right)) < LEAST_SAMPLE:
        return None
    before, now = (predicted_classes(np.asarray(side.scores)) for side in (left, right))
    labels = draw_labels(len(left), len(right), _PERMUTATIONS, rng)
    mix = label_shift(before, now, len(reference.classes), labels)
    effect = total_variation(mix.reference_counts, mix.current_counts).statistic
    mix_p_value = float(tail_p_value(mix.observed, mix.null))

    table, codes = _columns(left, right), np.concatenate([before, now])
    whole = column_strengths(*_split(table, len(left)), labels)
    ranked = _ranks_within(table, codes, rng)
    within = column_strengths(*_split(ranked, len(left)), _labels_within(codes, len(left), rng))
    within_p_value = float(tail_p_value(within.strength.max(), within.null_strength.max(axis=1)))
    difference, remaining = (_beyond_chance(one, len(left), len(right)) for one in (whole, within))
    stays = min(1.0, remaining / max(difference, 1e-9))

    mix_changed = mix_p_value <= ALPHA and effect > EFFECT_FLOOR_TOTAL_VARIATION
    left_over = within_p_value <= ALPHA and stays >= STAYS
    kinds: dict[tuple[bool, bool], KindByClass] = {
        (True, False): "content",
        (False, True): "appearance",
        (True, True): "mixed",
        (False, False): "unknown",
    }
    return KindOfChange(kinds[mix_changed, left_over], mix_p_value, effect, within_p_value, stays)


def joined_kind(by_class: KindOfChange | None, diagnosed: Kind | None) -> Kind:
    """Return the kind of a drift from what predictions and the search for camera faults say of it.

    Parameters
    ----------
    by_class
        None without predictions.
    diagnosed
        The kind of `driftwheel.drift.diagnosis.diagnosis.Diagnosis`; None when no fault was sought.

    Notes
    -----
    - Predictions decide where they say anything.
    - A fault that explains the whole change (``appearance``) may itself have moved the predictions: then
      ``mixed`` by class is ``appearance``, for both agree that images look different and nothing is left for
      content to explain.
    - Without predictions, or where they say nothing (``unknown``), it is as diagnosed.

    Examples
    --------
    >>> joined_kind(KindOfChange("mixed", 1e-4, 0.3, 1e-5, 1.0), "appearance")
    'appearance'
    >>> joined_kind(KindOfChange("content", 1e-4, 0.3, 0.4, 0.0), "unknown")
    'content'
    >>> joined_kind(None, "mixed"), joined_kind(None, None)
    ('mixed', 'unknown')
    """
    if by_class is None or by_class.kind == "unknown":
        return diagnosed or "unknown"
    if by_class.kind == "mixed" and diagnosed == "appearance":
        return "appearance"
    return by_class.kind


def explained(verdict: Verdict, diagnosis: Diagnosis | None, by_class: KindOfChange | None) -> Verdict:
    """Return a verdict of drift with its kind and the camera faults that explain it; see `joined_kind`.

    Where the mix of predicted classes explains all, no fault is named.
    """
    kind = joined_kind(by_class, None if diagnosis is None else diagnosis.kind)
    if diagnosis is None:
        return replace(verdict, kind=kind)
    findings = () if kind == "content" else diagnosis.findings
    return replace(verdict, diagnosis=findings, kind=kind, diagnosed=True)


def _scored(records: Records, rng: np.random.Generator) -> Records:
    """Return the records that have scores and an embedding where any has, drawn down to `_MOST_ROWS`."""
    usable = ~np.isnan(np.asarray(records.scores)).any(axis=1)
    if records.embeddings is not None:
        usable &= ~np.isnan(records.embeddings).any(axis=1)
    rows = np.flatnonzero(usable)
    if len(rows) > _MOST_ROWS:
        rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
    return records.take(rows)


def _columns(left: Records, right: Records) -> NDArray[np.float32]:
    """Return the (n + m, c) columns to look at, angles cut open opposite to their mean."""
    properties = tuple(property_named(name) for name in left.property_names)
    found = property_columns(properties, left.properties, right.properties)
    table = np.concatenate([found.reference, found.current])
    for column in np.flatnonzero(found.circular):
        table[:, column] = unroll(table[:, column], circular_mean(table[:, column]))
    before, now = np.asarray(left.scores), np.asarray(right.scores)
    chosen = highest_scored(before, now)
    parts = [table, np.concatenate([before[:, chosen], now[:, chosen]])]
    if left.embeddings is not None and right.embeddings is not None:
        pooled = np.concatenate([left.embeddings, right.embeddings]).astype(np.float64)
        pooled -= pooled.mean(axis=0)
        _, vectors = np.linalg.eigh(pooled.T @ pooled)
        parts.append(pooled @ vectors[:, ::-1][:, :_AXES])
    return np.column_stack(parts).astype(np.float32)


def _ranks_within(
    table: NDArray[np.float32], codes: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return each value's rank in (0, 1) among all images of its class, ties broken at random, NaN kept."""
    ranks = np.full(table.shape, np.nan, np.float32)
    broken = rng.random(table.shape)
    for column in range(table.shape[1]):
        rows = np.flatnonzero(~np.isnan(table[:, column]))
        order = rows[np.lexsort((broken[rows, column], table[rows, column], codes[rows]))]
        _, starts, sizes = np.unique(codes[order], return_index=True, return_counts=True)
        place = np.arange(len(order)) - np.repeat(starts, sizes)
        ranks[order, column] = (place + 0.5) / np.repeat(sizes, sizes)
    return ranks


def _labels_within(codes: NDArray[np.intp], n_reference: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return (B, n + m) labels permuted within each class."""
    labels = np.tile(np.arange(len(codes)) < n_reference, (_PERMUTATIONS, 1))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        labels[:, rows] = rng.permuted(labels[:, rows], axis=1)
    return labels


def _split(table: NDArray[np.float32], n: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return table[:n], table[n:]


def _beyond_chance(found: ColumnStrengths, n: int, m: int) -> float:
    """Return the statistic of the strongest column, less what it is without a change, on average."""
    strongest = int(found.strength.argmax())
    return max(0.0, float(found.statistic[strongest]) - _CHANCE * float(np.sqrt(1 / n + 1 / m)))
