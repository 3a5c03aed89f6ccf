"""Monitors: a rule with its severity, the segments it watches, and how long it must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from driftwheel.monitors.rule import Rule

__all__ = ["SEVERITIES", "Monitor", "Severity", "definition_of", "monitor_from", "watched_tags"]

Severity = Literal["info", "warning", "critical"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the mildest to the gravest."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """What is watched, and when it becomes an alert.

    Attributes
    ----------
    name
        1…128 characters, unique in its model.
    rule
        What is not to be.
    severity
        ``info``, ``warning`` or ``critical``.
    segments
        Tags whose values are watched one by one; the empty tag is the whole model. None: the whole model and
        every segment tag of it.
    breaches, of_windows
        An alert fires when so many of so many windows are in breach, the newest among them. Windows
        without an answer are passed over.
    keep_firing_for
        An alert is resolved after so many windows in a row beyond the clear threshold.
    least_n
        With a smaller sample a window is `insufficient`.
    note
        What whoever is told should know: whom to call, what to do.
    """

    name: str
    rule: Rule
    severity: Severity = "warning"
    segments: tuple[str, ...] | None = None
    breaches: int = 1
    of_windows: int = 1
    keep_firing_for: int = 1
    least_n: int = 20
    note: str = ""


def definition_of(monitor: Monitor) -> dict[str, Any]:
    """Return all of a monitor but its name, as `monitors.definition` and a TOML table keep it.

    The keys: when, severity, segments (left out for all), breaches, of_windows, keep_firing_for, least_n,
    note.
    """
    raise NotImplementedError


def monitor_from(name: str, definition: Mapping[str, Any]) -> Monitor:
    """Return the monitor of a definition; raise `UsageError` that names the key that cannot be."""
    raise NotImplementedError


def watched_tags(monitor: Monitor, segment_tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags a monitor watches in a model with these segment tags; "" is the whole model.

    A tag that the model is not segmented by is left out.
    """
    every = ("", *segment_tags)
    if monitor.segments is None:
        return every
    return tuple(tag for tag in every if tag in monitor.segments)
