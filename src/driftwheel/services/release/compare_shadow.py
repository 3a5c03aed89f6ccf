"""Compare what a challenger says in the shadow with what the champion said of the same records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from driftwheel.performance.paired_difference import PairedCounts, difference_bounds, paired_counts
from driftwheel.predictions import Classification
from driftwheel.store.labels.record_labels import known_labels
from driftwheel.store.models.models import Model, ModelVersion
from driftwheel.store.release.shadow_answers import ShadowPair, count_shadow_answers, shadow_pairs

__all__ = ["ShadowComparison", "compare_shadow"]

_LOOKED_AT = 5000
_SHOWN = 8
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """How the answers of two versions to the same records compare.

    Attributes
    ----------
    answers
        That the challenger has given in the shadow.
    n
        The newest of them that are compared: those that the champion answered.
    agreed
        Of these.
    labelled
        How often each was right, of those with a label; no fair sample, unless the labels are.
    low, high
        Of the difference in accuracy, each at 95 %.
    differing
        The newest on which they disagree.
    """

    answers: int
    n: int
    agreed: int
    labelled: PairedCounts
    low: float
    high: float
    differing: tuple[ShadowPair, ...]


def compare_shadow(
    connection: Connection, model: Model, challenger: ModelVersion | None, champion: ModelVersion | None
) -> ShadowComparison | None:
    """Return the comparison of the last 5,000 answers; None where the challenger has given none."""
    if challenger is None or champion is None:
        return None
    answers = count_shadow_answers(connection, challenger.key)
    if not answers:
        return None
    pairs = [
        one
        for one in shadow_pairs(connection, model.key, challenger.key, limit=_LOOKED_AT)
        if one.served == champion.name and one.champion is not None
    ]
    known = known_labels(connection, model.key, [one.record for one in pairs])
    right: list[tuple[bool, bool]] = []
    for one in pairs:
        label = known.get(one.record)
        if label is not None and isinstance(label.label, Classification):
            right.append((one.champion == label.label.label, one.challenger == label.label.label))
    table = np.array(right, dtype=np.bool_).reshape(-1, 2)
    counts = paired_counts(table[:, 0], table[:, 1])
    differing = [one for one in pairs if one.champion != one.challenger]
    return ShadowComparison(
        answers,
        len(pairs),
        len(pairs) - len(differing),
        counts,
        *difference_bounds(counts, _CONFIDENCE),
        tuple(differing[:_SHOWN]),
    )
