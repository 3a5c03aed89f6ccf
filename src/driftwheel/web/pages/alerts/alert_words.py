"""How an alert is told on a page: its state in a word and a colour, its segment, its severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from driftwheel.alerts.episode import Episode, is_open, is_snoozed
from driftwheel.report.printable import printable
from driftwheel.web.pages.rendering import moment

__all__ = ["SEVERITY_TONES", "STATE_CHOICES", "AlertWords", "alert_words", "segment_words"]

SEVERITY_TONES: Mapping[str, str] = {"critical": "bad", "warning": "warn", "info": "quiet"}
"""Severity → the colour of its chip."""

STATE_CHOICES: tuple[tuple[str, str], ...] = (
    ("open", "open"),
    ("firing", "open, nobody is on it"),
    ("acknowledged", "acknowledged"),
    ("snoozed", "snoozed"),
    ("recovering", "recovering"),
    ("pending", "pending"),
    ("ended", "ended"),
    ("resolved", "resolved"),
    ("closed", "closed"),
)
"""The states a list can be narrowed to, in words."""


@dataclass(frozen=True, slots=True)
class AlertWords:
    """The state of an alert.

    Attributes
    ----------
    word, tone
        Of the chip.
    more
        What else is to be known at a glance; may be empty.
    """

    word: str
    tone: str
    more: str | Markup


def alert_words(episode: Episode, now: datetime) -> AlertWords:
    """Return how the state of an alert is told."""
    if is_open(episode):
        return _open_words(episode, now)
    tone = "ok" if episode.state == "resolved" else "quiet"
    return AlertWords(episode.state, tone, printable(episode.reason or ""))


def segment_words(episode: Episode) -> str:
    """Return the segment of an alert; the whole model where it has none."""
    return printable(f"{episode.tag} = {episode.value}") if episode.tag else "whole model"


def _open_words(episode: Episode, now: datetime) -> AlertWords:
    if episode.state == "pending":
        return AlertWords("pending", "quiet", "in breach, but not for long enough to fire")
    if is_snoozed(episode, now):
        return AlertWords("snoozed", "quiet", Markup("until {}").format(moment(episode.snoozed_until)))
    if episode.inhibited_by is not None:
        return AlertWords("explained", "quiet", "by another alert; nobody is told of it")
    if episode.acknowledged is not None:
        by = printable(episode.acknowledged_by or "")
        note = f": “{printable(episode.acknowledged_note)}”" if episode.acknowledged_note else ""
        return AlertWords("acknowledged", "quiet", f"by {by}{note}")
    if episode.state == "recovering":
        return AlertWords("recovering", "ok", "back to usual, but not for long enough to end")
    return AlertWords("firing", "bad", "it comes and goes" if episode.flapping else "")
