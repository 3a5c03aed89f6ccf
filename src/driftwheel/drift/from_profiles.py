"""Drift from profiles alone, for places that pixels must not leave: the judge's rules on summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from driftwheel.drift.evidence.histogram_evidence import Replays, can_be_compared, histogram_evidence
from driftwheel.drift.evidence.moment_evidence import MomentEvidence, moment_evidence
from driftwheel.drift.replays.block_replay import draw_blocks
from driftwheel.drift.replays.replay import LEAST_BLOCKS
from driftwheel.drift.rules import LEAST_SAMPLE, alpha_for, holm, images_needed
from driftwheel.drift.statistics.tail import LEAST_P_VALUE
from driftwheel.drift.verdict import EmbeddingDrift, PropertyDrift, Verdict, unjudged
from driftwheel.profiles.embedding_moments import check_same_projection
from driftwheel.profiles.profile import Profile, check_same_making
from driftwheel.profiles.property_summary import PropertySummary

__all__ = ["REPLAYS", "judge_profiles"]

REPLAYS = 200
"""Windows replayed from the reference for the effect thresholds."""


def judge_profiles(
    reference: Profile,
    current: Profile,
    *,
    rng: np.random.Generator,
    blocks: Sequence[Profile] = (),
    false_alarms_per_year: float = 1.0,
    windows_per_year: float = 365.0,
) -> Verdict:
    """Return the verdict on the images of `current` against those of `reference`, from their profiles.

    Every property is tested on its histogram (KS, or χ² for a category), the embeddings by the means of their
    leading axes (Hotelling). p-values are corrected over all of them (Holm). A property drifts when its
    corrected p-value is at most α *and* its effect is larger than that of windows replayed from the reference
    at the current size; below `LEAST_SAMPLE` images on either side the verdict is ``insufficient``.

    Parameters
    ----------
    blocks
        Profiles of the reference's windows and segments, adding up to `reference`; from eight on, replayed
        windows are made of whole ones, so that what differs between hours and cameras counts as the
        reference's own.
    rng
        Draws the replayed windows, and the tables of sparse categories.

    Raises
    ------
    IncomparableError
        When the two were made with different modes, embedders or projections.
    UsageError
        When the dial is not positive.
    """
    check_same_making(reference, current)
    alpha = max(LEAST_P_VALUE, alpha_for(false_alarms_per_year, windows_per_year))
    nothing = unjudged(
        reference.n,
        current.n,
        alpha=alpha,
        false_alarms_per_year=false_alarms_per_year,
        images_needed=images_needed(reference.n, current.n),
        mode=reference.mode,
    )
    blank = replace(nothing, notes=_notes(reference, current))
    if blank.images_needed:
        return blank

    pairs = [
        (summary, other)
        for summary, other in _shared(reference, current)
        if can_be_compared(summary, other) and min(summary.count, other.count) >= LEAST_SAMPLE
    ]
    drawn = [block for block in blocks if block.n]
    in_blocks = LEAST_BLOCKS <= len(drawn) < reference.n
    # Blocks vary together, so p-values of single images prove little: the thresholds alone must hold.
    chance = alpha / max(len(pairs), 1) if in_blocks else alpha
    replays = Replays(REPLAYS, chance, rng)
    if in_blocks:
        sizes = np.array([block.n for block in drawn])
        times = draw_blocks(sizes, current.n, REPLAYS, rng), draw_blocks(sizes, reference.n, REPLAYS, rng)
        names = [summary.name for summary, _ in pairs]
        summaries = tuple(tuple(block.property_named(name) for name in names) for block in drawn)
        replays = replace(replays, blocks=summaries, times=times)
    drifts = histogram_evidence(pairs, replays)
    moments = _moments(reference, current, drawn, replays)
    return _weighed(blank, drifts, moments, embedder=str(reference.embedder), in_blocks=in_blocks)


def _weighed(
    blank: Verdict,
    drifts: tuple[PropertyDrift, ...],
    moments: MomentEvidence | None,
    *,
    embedder: str,
    in_blocks: bool,
) -> Verdict:
    raw = [drift.p_value for drift in drifts]
    if moments is not None and moments.mean.p_value is not None:
        raw.append(moments.mean.p_value)
    corrected = [float(p) for p in holm(raw)]
    properties = [
        replace(drift, p_value=p, drifted=drift.drifted and p <= blank.alpha)
        for drift, p in zip(drifts, corrected, strict=False)
    ]
    properties.sort(key=lambda one: (not one.drifted, one.p_value, -one.effect / one.threshold, one.name))
    embedding = None
    notes = list(blank.notes)
    if moments is not None:
        embedding = _embedding_drift(blank, embedder, moments, corrected[-1])
        notes.append(
            f"From profiles the embeddings are tested by their mean on {moments.axes} principal axes of the "
            "reference; kernel test and domain classifier need the images."
        )
    p_value = min(corrected, default=1.0)
    large_enough = any(one.drifted for one in properties) or (embedding is not None and embedding.drifted)
    if in_blocks:
        notes.append("Thresholds come from whole windows and segments of the reference's profile, replayed.")
    if p_value <= blank.alpha and not large_enough:
        notes.append("A change is beyond chance but no larger than what the reference itself varies by.")
    return replace(
        blank,
        verdict="drift" if large_enough else "no_drift",
        p_value=p_value,
        kind="unknown" if large_enough else None,
        properties=tuple(properties),
        embedding=embedding,
        notes=tuple(notes),
    )


def _embedding_drift(
    blank: Verdict, embedder: str, moments: MomentEvidence, p_value: float
) -> EmbeddingDrift:
    effect = moments.frechet.effect or 0.0
    return EmbeddingDrift(
        embedder=embedder,
        drifted=p_value <= blank.alpha and effect > moments.threshold,
        p_value=p_value,
        effect=effect,
        threshold=moments.threshold,
        frechet=moments.frechet,
        mmd=None,
        classifier=None,
    )


def _moments(
    reference: Profile, current: Profile, blocks: Sequence[Profile], replays: Replays
) -> MomentEvidence | None:
    mine, theirs = reference.embeddings, current.embeddings
    if mine is None or theirs is None or min(mine.count, theirs.count) < LEAST_SAMPLE:
        return None
    check_same_projection(mine, theirs)
    drawn = None
    if replays.times is not None:
        embedded = [block.embeddings for block in blocks]
        kept = [i for i, moments in enumerate(embedded) if moments is not None]
        drawn = [moments for moments in embedded if moments is not None], replays.times[0][:, kept]
    return moment_evidence(mine, theirs, chance=replays.chance, rng=replays.rng, blocks=drawn)


def _shared(reference: Profile, current: Profile) -> list[tuple[PropertySummary, PropertySummary]]:
    others = {summary.name: summary for summary in current.properties}
    return [(one, others[one.name]) for one in reference.properties if one.name in others]


def _notes(reference: Profile, current: Profile) -> tuple[str, ...]:
    notes = ["From profiles alone: no diagnosis, no outliers and no pictures; those need the images."]
    for side, profile in (("reference", reference), ("current", current)):
        if lost := sum(profile.unreadable.values()):
            reasons = ", ".join(f"{reason} {count}" for reason, count in profile.unreadable.items())
            notes.append(f"{lost} {side} images could not be read ({reasons}).")
    shared = _shared(reference, current)
    odd = {one.name for one, other in shared if one.definition != other.definition}
    odd |= {s.name for s in reference.properties} ^ {s.name for s in current.properties}
    if odd:
        notes.append(
            f"Not compared, because the profiles come from different releases: {', '.join(sorted(odd))}."
        )
    return tuple(notes)
