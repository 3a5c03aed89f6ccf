"""The judge: weigh all evidence of one comparison and give the verdict.

One dial, false alarms per model-year, sets α for this comparison. Every statistic is taken over the same
permutations of the pooled images, so the p-value of the strongest evidence holds over all properties, the
embeddings and the model's scores together, however they depend on each other. An alarm needs that p-value
*and* an effect beyond what windows replayed from the reference alone reach.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.evidence.embedding_evidence import EmbeddingEvidence, embedding_evidence, pooled_axes
from driftwheel.drift.evidence.property_evidence import PropertyEvidence, property_evidence
from driftwheel.drift.evidence.score_evidence import ScoreEvidence, score_evidence
from driftwheel.drift.evidence.unreadable_share import LEAST_SHARE, unreadable_share
from driftwheel.drift.exemplars import exemplars
from driftwheel.drift.replays.effect_gate import EffectGate
from driftwheel.drift.replays.replay import Replays, blocks_of, replay_spans, replay_weights, spans_of
from driftwheel.drift.rules import LEAST_SAMPLE, alpha_for, images_needed
from driftwheel.drift.statistics.combination import Combination, combine
from driftwheel.drift.statistics.domain_classifier import (
    LEAST_IMAGES,
    DomainClassification,
    domain_classifier,
)
from driftwheel.drift.statistics.permutations import draw_cells, draw_labels
from driftwheel.drift.statistics.tail import LEAST_P_VALUE, tail_p_value
from driftwheel.drift.verdict import EmbeddingDrift, Kind, ScoreDrift, Verdict, unjudged
from driftwheel.errors import IncomparableError
from driftwheel.images.properties import property_named
from driftwheel.records import Records

__all__ = ["judge"]

PERMUTATIONS = 500
"""Permutations; p-values below 10 / 500 come from a fitted tail, see `tail.tail_log_p_value`."""

REPLAYS = 400
"""Windows replayed from the reference for the effect thresholds."""

_PLAIN = 100  # beside replayed spans of time, windows drawn image by image, to know their noise

_MANY = 8000  # pooled images beyond which fewer permutations and replays are made
_PERMUTATIONS_MANY = 200
_REPLAYS_MANY = 200
_LEAST_REPLAYS = 100
_MOST_WEIGHTS = 100_000_000  # of replays: of a reference of more than half a million images fewer than 200


def judge(
    reference: Records,
    current: Records,
    *,
    rng: np.random.Generator,
    false_alarms_per_year: float = 1.0,
    windows_per_year: float = 365.0,
) -> Verdict:
    """Return the verdict on `current` against `reference`; it has no diagnosis and no outliers yet.

    With fewer than `LEAST_SAMPLE` images on either side the verdict is ``insufficient`` and nothing is
    tested, save for one thing, which needs no readable image: when a larger share of the current images
    cannot be read than of the reference's, that is drift of the kind ``unreadable``.

    Raises
    ------
    IncomparableError
        When the two were measured with different properties, modes or embedders.
    UsageError
        When the reference holds no images, or the dial is not positive.
    """
    _must_be_comparable(reference, current)
    alpha = max(LEAST_P_VALUE, alpha_for(false_alarms_per_year, windows_per_year))
    missing = images_needed(len(reference), len(current))
    nothing = unjudged(
        len(reference),
        len(current),
        alpha=alpha,
        false_alarms_per_year=false_alarms_per_year,
        images_needed=missing,
        mode=reference.mode,
    )
    blank = replace(nothing, unreadable=current.unreadable, unreadable_reference=reference.unreadable)
    looked_at = 2 if current.unreadable or reference.unreadable else 1  # the files beside the pictures
    damaged = unreadable_share(
        len(current.unreadable), len(current), len(reference.unreadable), len(reference)
    )
    damage_p = 1.0 if damaged.p_value is None else min(1.0, looked_at * damaged.p_value)
    unreadable = damage_p <= alpha and damaged.statistic >= LEAST_SHARE
    if missing and unreadable:
        return replace(blank, verdict="drift", p_value=damage_p, kind="unreadable")
    if missing:
        return blank

    pooled = len(reference) + len(current)
    cells = draw_cells(len(reference), len(current), rng)
    permutations = PERMUTATIONS if pooled <= _MANY else _PERMUTATIONS_MANY
    labels = draw_labels(len(reference), len(current), permutations, rng, cells)
    blocks = blocks_of(reference)
    spans = spans_of(reference, current)
    gate = _gate(reference, current, blocks, spans, alpha, rng)
    properties = property_evidence(
        tuple(property_named(name) for name in reference.property_names),
        reference.properties,
        current.properties,
        labels=labels,
        gate=gate,
    )
    embedding = None
    tables = reference.properties, current.properties
    if reference.embeddings is not None and current.embeddings is not None:
        placed = pooled_axes(reference.embeddings, current.embeddings)
        embedding = embedding_evidence(*placed, labels=labels, cells=cells, gate=gate, rng=rng)
        tables = np.hstack([tables[0], placed[0]]), np.hstack([tables[1], placed[1]])
    classified = _classified(*tables, labels, rng)
    scored = None
    if reference.scores is not None and current.scores is not None:
        scored = score_evidence(reference.scores, current.scores, reference.classes, labels=labels, gate=gate)
    combined = _combined(properties, embedding, scored, classified)
    p_value = min(1.0, looked_at * combined.p_value())
    found = None
    if embedding is not None:
        own_p_value = min(1.0, looked_at * combined.p_value("embeddings"))
        found = _embedding_drift(embedding, classified, str(reference.embedder), own_p_value, alpha)
    scores = None
    if scored is not None:
        own_p_value = min(1.0, looked_at * combined.p_value("scores", "mix"))
        scores = _score_drift(scored, own_p_value, alpha)
    large_enough = (
        any(one.drifted for one in properties.properties)
        or (found is not None and found.drifted)
        or (scores is not None and scores.drifted)
    )
    drifted = p_value <= alpha and large_enough
    ranking = None if classified is None else classified.current_scores
    kind: Kind | None = "unknown" if drifted else "unreadable" if unreadable else None
    return replace(
        blank,
        verdict="no_drift" if kind is None else "drift",
        kind=kind,
        p_value=min(p_value, damage_p),
        properties=properties.properties,
        embedding=found,
        scores=scores,
        exemplars=() if not drifted else exemplars(reference, current, properties.properties, ranking),
        notes=(
            *_notes(spans is not None, blocks is not None, kind is None and p_value <= alpha),
            *_score_notes(reference, current, scores),
        ),
        replay_p_value=_replayed(gate, properties, embedding, scored),
    )


def _gate(  # noqa: PLR0917  what a replay needs
    reference: Records,
    current: Records,
    blocks: NDArray[np.intp] | None,
    spans: NDArray[np.intp] | None,
    alpha: float,
    rng: np.random.Generator,
) -> EffectGate:
    """Replay whole spans of time where the reference has them, else blocks, else single images."""
    n, m = len(reference), len(current)
    replays = REPLAYS if n + m <= _MANY else _REPLAYS_MANY
    replays = min(replays, max(_LEAST_REPLAYS, _MOST_WEIGHTS // n))
    if spans is not None:
        windows, images = replay_spans(spans, replays, rng)
        return EffectGate(
            replays=Replays.of(windows, replay_weights(n, n, replays, rng, spans)),
            chance=alpha / _families(reference, current),
            alpha=alpha,
            spans=int(spans.max()) + 1,
            plain=Replays.of(replay_weights(n, m, _PLAIN, rng), replay_weights(n, n, _PLAIN, rng)),
            excess=(1 / images + 1 / n) / (1 / m + 1 / n),
        )
    # Known blocks vary together and permutations of single images prove little: there the thresholds alone
    # must hold over all properties.
    return EffectGate(
        replays=Replays.of(*(replay_weights(n, size, replays, rng, blocks) for size in (m, n))),
        chance=alpha if blocks is None else alpha / len(reference.property_names),
        alpha=alpha,
    )


def _families(reference: Records, current: Records) -> int:
    """Return how many kinds of evidence have effects: properties, embeddings, scores."""
    pairs = (reference.embeddings, current.embeddings), (reference.scores, current.scores)
    return 1 + sum(before is not None and now is not None for before, now in pairs)


def _classified(
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    labels: NDArray[np.bool_],
    rng: np.random.Generator,
) -> DomainClassification | None:
    """Classify on properties and embeddings side by side; None below the least sample that is meant for."""
    n, m = len(reference), len(current)
    if n + m < LEAST_IMAGES or min(n, m) * 5 < LEAST_IMAGES:
        return None
    return domain_classifier(reference, current, rng=rng, labels=labels)


def _combined(
    properties: PropertyEvidence,
    embedding: EmbeddingEvidence | None,
    scored: ScoreEvidence | None,
    classified: DomainClassification | None,
) -> Combination:
    strengths = {"properties": (properties.strength, properties.null_strength)}
    if embedding is not None:
        strengths["embeddings"] = embedding.strength, embedding.null_strength
    if scored is not None:
        strengths["scores"] = scored.strength, scored.null_strength
        strengths["mix"] = scored.mix_strength, scored.mix_null_strength
    if classified is not None:
        above_chance = max(classified.evidence.statistic - 0.5, 0.0)
        strengths["classifier"] = above_chance**2, np.maximum(classified.null - 0.5, 0.0) ** 2
    return combine(strengths)


def _replayed(
    gate: EffectGate,
    properties: PropertyEvidence,
    embedding: EmbeddingEvidence | None,
    scored: ScoreEvidence | None,
) -> float:
    """Return the chance that a replayed window lies as far from the reference, by any kind of evidence."""
    found = [gate.p_value(properties.effects)]
    if embedding is not None:
        found.append(gate.p_value([embedding.distance]))
    if scored is not None:
        found.append(gate.p_value(scored.effects))
    return min(1.0, len(found) * min(found))


def _embedding_drift(
    found: EmbeddingEvidence,
    classified: DomainClassification | None,
    embedder: str,
    p_value: float,
    alpha: float,
) -> EmbeddingDrift:
    effect = found.frechet.effect or 0.0
    return EmbeddingDrift(
        embedder=embedder,
        drifted=p_value <= alpha and effect > found.threshold,
        p_value=p_value,
        effect=effect,
        threshold=found.threshold,
        frechet=found.frechet,
        mmd=found.mmd,
        classifier=None if classified is None else classified.evidence,
    )


def _score_drift(found: ScoreEvidence, p_value: float, alpha: float) -> ScoreDrift:
    large_enough = found.statistic > found.threshold or found.mix_effect > found.mix_threshold
    return ScoreDrift(
        drifted=p_value <= alpha and large_enough,
        p_value=p_value,
        column=found.column,
        statistic=found.statistic,
        effect=found.statistic,
        threshold=found.threshold,
        mix_p_value=float(tail_p_value(found.mix_strength, found.mix_null_strength)),
        mix_effect=found.mix_effect,
        mix_threshold=found.mix_threshold,
        classes=found.shares,
        n_reference=found.n_reference,
        n_current=found.n_current,
    )


def _must_be_comparable(reference: Records, current: Records) -> None:
    if reference.property_names != current.property_names:
        raise IncomparableError(
            "The two sides were measured with different properties; measure both with one release."
        )
    if reference.mode != current.mode:
        raise IncomparableError(
            f"The reference was measured in {reference.mode} mode and the current images in "
            f"{current.mode} mode; measure both in the same mode."
        )
    if reference.embedder != current.embedder:
        raise IncomparableError(
            f"The reference was embedded by {reference.embedder or 'none'} and the current images by "
            f"{current.embedder or 'none'}; embed both with the same one."
        )
    if reference.scores is not None and current.scores is not None and reference.classes != current.classes:
        raise IncomparableError(
            f"The reference was scored for {_listed(reference.classes)} and the current images for "
            f"{_listed(current.classes)}; take both scores from one version of the model."
        )


def _listed(classes: tuple[str, ...]) -> str:
    """Return ``2 classes (cat, dog)``, at most five of them by name."""
    named = ", ".join(classes[:5]) + (", …" if len(classes) > 5 else "")
    return f"{len(classes)} class{'' if len(classes) == 1 else 'es'} ({named})"


def _score_notes(reference: Records, current: Records, scores: ScoreDrift | None) -> tuple[str, ...]:
    if scores is not None or (reference.scores is None and current.scores is None):
        return ()
    sides = {
        name: 0 if one.scores is None else int((~np.isnan(one.scores).any(axis=1)).sum())
        for name, one in (("reference", reference), ("current", current))
    }
    sentence = (
        f"The model's scores were not looked at: {sides['reference']:,} reference and {sides['current']:,} "
        f"current images have them; at least {LEAST_SAMPLE} of each are needed."
    )
    return (sentence,)


def _notes(in_spans: bool, in_blocks: bool, small: bool) -> tuple[str, ...]:
    notes = []
    if in_spans:
        notes.append("Replayed from the reference were whole spans of time, each as long as this window.")
    elif in_blocks:
        notes.append("Reference windows were replayed in whole blocks of tags and hour.")
    if small:
        notes.append(
            "Something changed beyond chance, but nothing did by more than the reference itself varies by: "
            "no alarm."
        )
    return tuple(notes)
