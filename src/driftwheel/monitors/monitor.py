"""Monitors: a rule with its severity, the segments it watches, and how long it must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.monitors.rule import Rule
from driftwheel.monitors.rule_text import format_rule, parse_rule

__all__ = [
    "SEVERITIES",
    "Monitor",
    "Severity",
    "check_segments",
    "definition_of",
    "monitor_from",
    "watched_tags",
]

Severity = Literal["info", "warning", "critical"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the mildest to the gravest."""

_LONGEST_NAME = 128
_LONGEST_NOTE = 2000
_WHOLE_NUMBERS = {  # name → least, most
    "breaches": (1, 100),
    "of_windows": (1, 100),
    "keep_firing_for": (1, 100),
    "least_n": (1, 1_000_000),
}
_KEYS = ("when", "severity", "segments", *_WHOLE_NUMBERS, "note")


@dataclass(frozen=True, slots=True)
class Monitor:
    """What is watched, and when it becomes an alert.

    Attributes
    ----------
    name
        1…128 printable characters, unique in its model.
    rule
        What is not to be.
    severity
        ``info``, ``warning`` or ``critical``.
    segments
        Tags whose values are watched one by one; the empty tag is the whole model. None: the whole model and
        every segment tag of it.
    breaches, of_windows
        An alert fires when so many of so many windows (1…100) are in breach, the newest among them. Windows
        without an answer are passed over.
    keep_firing_for
        An alert is resolved after so many windows (1…100) in a row beyond the clear threshold.
    least_n
        With a smaller sample a window is `insufficient`.
    note
        What whoever is told should know: whom to call, what to do. At most 2,000 characters.
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

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > _LONGEST_NAME or not self.name.isprintable():
            raise UsageError(
                f"'{self.name[:_LONGEST_NAME]}' cannot be a monitor's name; give 1 to {_LONGEST_NAME} "
                "printable characters."
            )
        if self.severity not in SEVERITIES:
            hint = did_you_mean(self.severity, SEVERITIES)
            raise UsageError(f"severity is '{self.severity}'; choose one of {', '.join(SEVERITIES)}.{hint}")
        for name, (least, most) in _WHOLE_NUMBERS.items():
            number = getattr(self, name)
            if not least <= number <= most:
                raise UsageError(f"{name} is {number:,}; give a whole number of {least} to {most:,}.")
        if self.breaches > self.of_windows:
            raise UsageError(
                f"breaches is {self.breaches} and of_windows {self.of_windows}; there cannot be more windows "
                "in breach than are looked at."
            )
        if self.segments is not None and (not self.segments or len(set(self.segments)) < len(self.segments)):
            raise UsageError(
                'segments is empty or names a tag twice; give tags, "" for the whole model, or leave it out.'
            )
        if len(self.note) > _LONGEST_NOTE:
            raise UsageError(f"note has {len(self.note):,} characters; at most {_LONGEST_NOTE:,} are kept.")


def definition_of(monitor: Monitor) -> dict[str, Any]:
    """Return all of a monitor but its name, as `monitors.definition` and a TOML table keep it.

    The keys: when, severity, segments (left out for all), breaches, of_windows, keep_firing_for, least_n,
    note.

    Examples
    --------
    >>> definition_of(Monitor("drift", parse_rule("drift is found")))["when"]
    'drift is found'
    """
    return {
        "when": format_rule(monitor.rule),
        "severity": monitor.severity,
        **({} if monitor.segments is None else {"segments": list(monitor.segments)}),
        **{name: getattr(monitor, name) for name in _WHOLE_NUMBERS},
        "note": monitor.note,
    }


def monitor_from(name: str, definition: Mapping[str, Any]) -> Monitor:
    """Return the monitor of a definition; raise `UsageError` that names the key that cannot be.

    All keys but `when` may be left out.

    Examples
    --------
    >>> monitor_from("dark", {"when": "property.brightness above 0.5", "severity": "info"}).severity
    'info'
    """
    try:
        return _monitor_from(name, definition)
    except UsageError as error:
        raise UsageError(f"Monitor '{name[:_LONGEST_NAME]}': {error}") from None


def watched_tags(monitor: Monitor, segment_tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags a monitor watches in a model with these segment tags; "" is the whole model.

    A tag that the model is not segmented by is left out.

    Examples
    --------
    >>> watched_tags(Monitor("drift", parse_rule("drift is found")), ["camera"])
    ('', 'camera')
    """
    every = ("", *segment_tags)
    if monitor.segments is None:
        return every
    return tuple(tag for tag in every if tag in monitor.segments)


def check_segments(monitor: Monitor, segment_tags: Sequence[str]) -> None:
    """Raise `UsageError` where a monitor watches a tag that the model is not segmented by.

    Examples
    --------
    >>> check_segments(Monitor("drift", parse_rule("drift is found"), segments=("camra",)), ["camera"])
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: Monitor 'drift': the model is not segmented by 'camra'; its segment...
    """
    for tag in monitor.segments or ():
        if tag and tag not in segment_tags:
            known = ", ".join(segment_tags) or "none"
            raise UsageError(
                f"Monitor '{monitor.name}': the model is not segmented by '{tag}'; its segment tags: {known}."
                f"{did_you_mean(tag, segment_tags)}"
            )


def _monitor_from(name: str, definition: Mapping[str, Any]) -> Monitor:
    for key in definition:
        if key not in _KEYS:
            raise UsageError(
                f"there is no '{key}' in a monitor; it has {', '.join(_KEYS)}.{did_you_mean(key, _KEYS)}"
            )
    given = dict(definition)
    when = given.pop("when", None)
    if not isinstance(when, str):
        raise UsageError("it needs 'when', the rule as text, for example when = \"drift is found\".")
    for key in ("severity", "note"):
        if not isinstance(given.get(key, ""), str):
            raise UsageError(f"'{key}' is {given[key]!r}; give text.")
    for key in _WHOLE_NUMBERS:
        if key in given and (not isinstance(given[key], int) or isinstance(given[key], bool)):
            raise UsageError(f"'{key}' is {given[key]!r}; give a whole number.")
    segments = given.pop("segments", None)
    if segments is not None:
        if not isinstance(segments, list | tuple) or not all(isinstance(one, str) for one in segments):
            raise UsageError(f"'segments' is {segments!r}; give a list of tags, \"\" for the whole model.")
        given["segments"] = tuple(segments)
    if "of_windows" not in given and "breaches" in given:
        given["of_windows"] = given["breaches"]
    return Monitor(name, parse_rule(when), **given)
