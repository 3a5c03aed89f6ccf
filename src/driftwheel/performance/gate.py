"""Judge a challenger against the champion, from what both said of the same labelled images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from driftwheel.performance.gate_rule import GateRule, alpha_of_look
from driftwheel.performance.labels_needed import labels_to_show
from driftwheel.performance.paired_difference import (
    PairedCounts,
    better_p,
    difference_bounds,
    not_worse_p,
)

__all__ = [
    "Asked",
    "Cost",
    "Decision",
    "GateCheck",
    "GateGroup",
    "GateVerdict",
    "judge_gate",
]

Asked = Literal["better", "not_worse", "segment_not_worse", "latency", "size"]
"""What a check asks: better on the slice; not worse on old data, a segment; not too slow, nor too large."""

Decision = Literal["promote", "refuse", "label_more"]
State = Literal["passed", "failed", "open", "skipped"]

SMALL_SEGMENTS = "other segments"
_SURE_POWER = 0.95  # with labels for that, what was not shown is not so
_LEAST_COST: dict[str, float] = {"latency": 0.002, "size": 1_000_000}  # seconds, bytes: less is no matter


@dataclass(frozen=True, slots=True)
class GateGroup:
    """Images that a check is made on.

    Attributes
    ----------
    name
        Of the group: "what drifted", "camera = north".
    asked
        What is asked there: ``better``, ``not_worse`` or ``segment_not_worse``.
    counts
        How often each version was right.
    """

    name: str
    asked: Asked
    counts: PairedCounts


@dataclass(frozen=True, slots=True)
class Cost:
    """What a version costs: seconds for one image (median), bytes of its file."""

    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One thing that was asked, and what came of it.

    Attributes
    ----------
    asked, group
        What, and on which images; no group for costs.
    state
        ``passed``: it is shown. ``failed``: it is not so, or more labels would hardly show it. ``open``: more
        labels are needed. ``skipped``: too few images to judge, and not asked for.
    n
        Images.
    champion, challenger
        Accuracy 0…1; seconds; bytes.
    difference
        Of these: challenger less champion.
    low, high
        Bounds of the true difference in accuracy, each at the confidence of this look; NaN for costs.
    p_value
        One-sided; of segments corrected over them (Holm). NaN for costs.
    alpha
        What the p-value must not be above; NaN for costs.
    limit
        Of ``better`` 0, else minus the margin; of costs what is allowed.
    needed
        Labelled images that are likely to show it, those that there are among them; None: no number.
    """

    asked: Asked
    group: str
    state: State
    n: int
    champion: float
    challenger: float
    difference: float
    low: float
    high: float
    p_value: float
    alpha: float
    limit: float
    needed: int | None

    @property
    def more(self) -> int:
        """Labels that are missing; 0 where none are asked for."""
        return max(0, (self.needed or 0) - self.n) if self.state == "open" else 0


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What the gate says.

    Attributes
    ----------
    decision
        ``promote``: all that is asked is shown. ``refuse``: something of it is not so. ``label_more``: it
        cannot be told yet.
    checks
        All that was asked, in order.
    look
        How many times this challenger has been looked at, this one among them.
    alpha
        The error that this look may spend.
    """

    decision: Decision
    checks: tuple[GateCheck, ...]
    look: int
    alpha: float

    @property
    def more(self) -> int:
        """Labels that are missing in the group that lacks most; 0 unless more are asked for."""
        return max((one.more for one in self.checks), default=0) if self.decision == "label_more" else 0


def judge_gate(
    groups: Sequence[GateGroup],
    rule: GateRule,
    *,
    champion: Cost,
    challenger: Cost,
    look: int = 1,
    before: Sequence[GateCheck] = (),
) -> GateVerdict:
    """Judge a challenger.

    On the slice it must be better (McNemar, exact, one-sided); on the old data and on every segment not worse
    by the margin (Tango's score). P-values of segments are corrected over them (Holm), so that what is said
    of each holds for all. All must hold, so that the chance to promote one that is not better, or is worse by
    a margin in any group, is at most 1 − confidence, over all looks; see `alpha_of_look`. What one look has
    shown stays shown while its group is the same: the looks' errors add up to no more than that either way.

    Segments with fewer images than the rule asks for are judged together; when even those are too few, they
    are skipped. A challenger may take 2 ms for an image and 1 MB for its file, whatever the champion takes.

    Parameters
    ----------
    groups
        One that asks ``better``, at most one that asks ``not_worse``, and the segments.
    champion, challenger
        What each costs.
    look
        From 1 on.
    before
        What the look before said, by the same rule; none at the first.
    """
    alpha = alpha_of_look(rule.confidence, look)
    segments = _pooled([one for one in groups if one.asked == "segment_not_worse"], rule.least_segment)
    raw = [not_worse_p(one.counts, rule.segment_margin) for one in segments]
    checks = [_better(one, rule, alpha) for one in groups if one.asked == "better"]
    checks += [
        _not_worse(
            one, rule.margin, not_worse_p(one.counts, rule.margin), rule, alpha, alpha, rule.least_labels
        )
        for one in groups
        if one.asked == "not_worse"
    ]
    for one, p, corrected in zip(segments, raw, _holm(raw), strict=True):
        own = alpha * (
            p / corrected if corrected > 0 else 1 / max(1, len(raw))
        )  # what its own p must be below
        check = _not_worse(one, rule.segment_margin, corrected, rule, alpha, own, rule.least_segment)
        small = one.name == SMALL_SEGMENTS and one.counts.n < rule.least_segment
        checks.append(replace(check, state="skipped", needed=None) if small else check)
    shown = {(one.asked, one.group): one for one in before if one.state == "passed"}
    checks = [_still(shown.get((one.asked, one.group)), one) for one in checks]
    checks += [
        _cost("latency", champion.seconds, challenger.seconds, rule.latency_ratio, rule.latency_seconds),
        _cost("size", champion.size, challenger.size, rule.size_ratio, rule.size_bytes),
    ]
    states = {one.state for one in checks}
    decision: Decision = "refuse" if "failed" in states else "label_more" if "open" in states else "promote"
    return GateVerdict(decision, tuple(checks), look, alpha)


def _still(shown: GateCheck | None, now: GateCheck) -> GateCheck:
    """Return what an earlier look has shown of a group, or what is found now where that does not hold."""
    if shown is None or now.high <= now.limit:
        return now
    same = (now.n, now.champion, now.challenger) == (shown.n, shown.champion, shown.challenger)
    grown = now.n >= shown.n and now.group != SMALL_SEGMENTS  # of which others are small the next time
    return shown if same or grown else now


def _better(group: GateGroup, rule: GateRule, alpha: float) -> GateCheck:
    counts, p = group.counts, better_p(group.counts)
    hopeful = max(counts.difference, rule.gain) if counts.n else rule.gain
    needed = _needed(counts, hopeful, 0.0, alpha, rule.power, rule.least_labels)
    low, high = difference_bounds(counts, 1 - alpha)
    enough = counts.n >= rule.least_labels
    if enough and p <= alpha:
        state: State = "passed"
    elif enough and (high <= 0 or (needed is not None and counts.n >= needed)):
        state = "failed"  # a gain worth having would have been seen
    else:
        state = "open"
    return _check(group, state, (low, high), p, alpha, 0.0, needed)


def _not_worse(  # noqa: PLR0917
    group: GateGroup, margin: float, p: float, rule: GateRule, alpha: float, own: float, least: int
) -> GateCheck:
    """Return the check: `p` is to be at most `alpha`, and was to be at most `own` before correction."""
    counts = group.counts
    enough = counts.n >= least
    low, high = difference_bounds(counts, 1 - own)
    needed = _needed(counts, max(counts.difference, 0.0) if counts.n else 0.0, margin, own, rule.power, least)
    sure = _needed(counts, 0.0, margin, own, _SURE_POWER, least)
    if enough and p <= alpha:
        state: State = "passed"
    elif enough and (high <= -margin or needed is None or (sure is not None and counts.n >= sure)):
        state = "failed"
    else:
        state = "open"
    return _check(group, state, (low, high), p, alpha, -margin, needed)


def _needed(  # noqa: PLR0917
    counts: PairedCounts, difference: float, margin: float, alpha: float, power: float, least: int
) -> int | None:
    """Return how many images show a difference, were so many of them to tell the two apart as do here."""
    apart = (counts.gained + counts.lost + 1) / (counts.n + 2)  # none so far are not none for ever
    found = labels_to_show(
        difference, min(1.0, max(apart, abs(difference))), margin=margin, alpha=alpha, power=power
    )
    return None if found is None else max(found, least)


def _check(  # noqa: PLR0917
    group: GateGroup,
    state: State,
    bounds: tuple[float, float],
    p: float,
    alpha: float,
    limit: float,
    needed: int | None,
) -> GateCheck:
    counts = group.counts
    if state == "open" and needed is not None and needed <= counts.n:
        needed = math.ceil(1.5 * counts.n)  # likely was not so: half as many more
    return GateCheck(
        group.asked,
        group.name,
        state,
        counts.n,
        counts.champion,
        counts.challenger,
        counts.difference,
        *bounds,
        p,
        alpha,
        limit,
        needed,
    )


def _cost(asked: Asked, champion: float, challenger: float, ratio: float, most: float | None) -> GateCheck:
    limit = min(max(champion * ratio, _LEAST_COST[asked]), math.inf if most is None else most)
    state: State = "passed" if challenger <= limit else "failed"
    unknown = math.nan
    return GateCheck(
        asked, "", state, 0, champion, challenger, challenger - champion, unknown, unknown, unknown, unknown,
        limit, None,
    )  # fmt: skip


def _pooled(segments: Sequence[GateGroup], least: int) -> list[GateGroup]:
    """Return the segments, those with fewer than `least` images together as one."""
    large = [one for one in segments if one.counts.n >= least]
    small = [one.counts for one in segments if one.counts.n < least]
    if not small:
        return large
    sums = (sum(getattr(one, name) for one in small) for name in ("n", "both", "gained", "lost"))
    return [*large, GateGroup(SMALL_SEGMENTS, "segment_not_worse", PairedCounts(*sums))]


def _holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down corrected p-values, in their order."""
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for place, number in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[number]))
        corrected[number] = highest
    return corrected
