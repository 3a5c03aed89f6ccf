"""How good answers are, in words and small drawings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.agreement.golden_skill import Skill
from driftwheel.agreement.krippendorff_alpha import Alpha
from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import NBSP, share
from driftwheel.services.label.review.describe_project import AnnotatorRow
from driftwheel.store.labels.label_events import LabelEvent

__all__ = [
    "AlphaWords",
    "StateWords",
    "alpha_words",
    "event_words",
    "seconds_words",
    "skill_strip",
    "state_of",
]

_RELIABLE, _TENTATIVE = 0.8, 0.667  # Krippendorff, "Content analysis", 2013, chapter 12
_LOW = 20  # tasks below which α says little


@dataclass(frozen=True, slots=True)
class AlphaWords:
    """What α says: a figure, a tone, a sentence."""

    figure: str
    tone: str
    meaning: str


def alpha_words(alpha: Alpha) -> AlphaWords:
    """Return what an agreement says to who must rely on it.

    Examples
    --------
    >>> alpha_words(Alpha(0.91, 0.88, 0.94, 300, 640)).tone
    'ok'
    >>> alpha_words(Alpha(float("nan"), float("nan"), float("nan"), 0, 0)).figure
    '–'
    """
    if not alpha.n_tasks or not math.isfinite(alpha.alpha):
        meaning = (
            "All answers are the same: there is nothing to disagree about yet."
            if alpha.n_tasks
            else "It can be told as soon as images have two answers."
        )
        return AlphaWords("–", "muted", meaning)
    figure = f"{alpha.alpha:.2f}".replace("-", "−")
    if alpha.n_tasks < _LOW:
        return AlphaWords(figure, "muted", "Too few images have two answers to rely on it.")
    if alpha.alpha >= _RELIABLE:
        return AlphaWords(figure, "ok", "People see the same: the labels can be relied on.")
    if alpha.alpha >= _TENTATIVE:
        return AlphaWords(figure, "warn", "People mostly agree: good enough for tentative conclusions.")
    return AlphaWords(
        figure,
        "bad",
        "People do not see the same. Look at who differs below; clearer instructions often help most.",
    )


@dataclass(frozen=True, slots=True)
class StateWords:
    """How an annotator stands: a word, its tone, and what it means."""

    word: str
    tone: str
    meaning: str


def state_of(row: AnnotatorRow) -> StateWords:
    """Return how an annotator stands."""
    if row.ban is not None:
        return StateWords("banned", "bad", row.ban.reason)
    if row.annotator.banned is not None:
        return StateWords("banned", "bad", "")
    if row.pause is not None:
        return StateWords("pausing", "warn", row.pause.reason)
    if not row.work.answered and not row.work.skipped:
        return StateWords("new", "quiet", "Has answered nothing that counts yet.")
    if row.work.golden and row.skill.high < 0.8:
        return StateWords("poor", "warn", "Golden tasks say that fewer than 80 % of the answers are right.")
    return StateWords("labels", "ok", "Gets tasks.")


def skill_strip(skill: Skill) -> Markup:
    """Return a strip from 0 to 100 %: the share of golden tasks answered right, and its 95 % interval."""
    if not skill.n:
        return Markup()
    said = f"{share(skill.share)} right, between {share(skill.low)} and {share(skill.high)}, n = {skill.n}"
    low, at = 100 * skill.low, 100 * skill.share
    wide = max(100 * (skill.high - skill.low), 1)
    parts = [
        element("title", said),
        element("rect", x="0%", y="4", width="100%", height="4", rx="2", class_="whole"),
        element("rect", x=f"{low:.1f}%", y="4", width=f"{wide:.1f}%", height="4", rx="2", class_="range"),
        element("circle", cx=f"{at:.1f}%", cy="6", r="4", class_="dot"),
    ]
    return Markup('<svg class="skill" role="img" aria-label="{}">{}</svg>').format(said, Markup().join(parts))


def seconds_words(seconds: float | None) -> str:
    """Return a time at an image.

    Examples
    --------
    >>> [seconds_words(one).replace(NBSP, " ") for one in (0.84, 12.3, 75, None)]
    ['0.8 s', '12 s', '1.2 min', '–']
    """
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f}{NBSP}s"
    return f"{seconds:.0f}{NBSP}s" if seconds < 60 else f"{seconds / 60:.1f}{NBSP}min"


_EVENTS = {
    "pool_opened": "Pool opened",
    "pool_closed": "Pool closed",
    "exam_passed": "Exam passed",
    "exam_failed": "Exam failed",
    "ban": "Banned",
    "set_aside": "Image set aside",
    "requeued": "Image to be labelled again",
    "warning": "Warned",
    "challenge": "To be challenged",
    "pause": "Has to pause",
    "webhook_off": "Webhook switched off",
}


def event_words(event: LabelEvent) -> str:
    """Return what an event was, in a few words."""
    return _EVENTS.get(event.kind, event.kind.replace("_", " ").capitalize())
