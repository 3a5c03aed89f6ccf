"""The form of a monitor: read from a request, filled from a monitor, made into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import SEVERITIES, Monitor
from driftwheel.monitors.rule_text import format_rule, parse_rule
from driftwheel.report.printable import shortened

__all__ = ["WHOLE", "MonitorForm", "form_of", "form_of_definition", "given_form", "new_form", "read_form"]

WHOLE = "(whole)"
"""What the form calls the whole model, which is the empty tag."""

_NUMBERS = {
    "breaches": "windows in breach",
    "of_windows": "windows looked at",
    "keep_firing_for": "windows until it is resolved",
    "least_n": "least sample",
}


@dataclass(frozen=True, slots=True)
class MonitorForm:
    """What the form says, as it was written; `segments` are tags, or `WHOLE`."""

    name: str = ""
    when: str = ""
    severity: str = "warning"
    segments: tuple[str, ...] = ()
    breaches: str = "1"
    of_windows: str = "1"
    keep_firing_for: str = "1"
    least_n: str = "20"
    note: str = ""


async def given_form(request: Request) -> MonitorForm:
    """Return the form that was sent."""
    form = await request.form()

    def text(name: str, default: str = "") -> str:
        value = form.get(name, default)
        return value.strip() if isinstance(value, str) else default

    return MonitorForm(
        text("name"),
        text("when"),
        text("severity", "warning"),
        tuple(str(one) for one in form.getlist("segments")),
        note=text("note"),
        **{name: text(name, "1") for name in _NUMBERS},
    )


def new_form(segment_tags: Sequence[str]) -> MonitorForm:
    """Return the form of a monitor that is still to be written."""
    return MonitorForm(segments=(WHOLE, *segment_tags))


def form_of(monitor: Monitor, segment_tags: Sequence[str]) -> MonitorForm:
    """Return the form of a monitor of a model with these segment tags."""
    every = ("", *segment_tags)
    watched = every if monitor.segments is None else monitor.segments
    return MonitorForm(
        monitor.name,
        format_rule(monitor.rule),
        monitor.severity,
        tuple(tag or WHOLE for tag in watched),
        note=monitor.note,
        **{name: str(getattr(monitor, name)) for name in _NUMBERS},
    )


def form_of_definition(name: str, definition: Mapping[str, Any], segment_tags: Sequence[str]) -> MonitorForm:
    """Return the form of a definition that this release cannot read, as far as it goes."""
    tags = definition.get("segments")
    return MonitorForm(
        name,
        str(definition.get("when", "")),
        str(definition.get("severity", "warning")),
        tuple(str(tag) or WHOLE for tag in (("", *segment_tags) if tags is None else tags)),
        note=str(definition.get("note", "")),
        **{name: str(definition.get(name, 1)) for name in _NUMBERS},
    )


def read_form(form: MonitorForm, segment_tags: Sequence[str], *, name: str | None = None) -> Monitor:
    """Return the monitor that a form says; raise `UsageError` for what cannot be.

    All segments chosen is all that the model may ever have. `name` is that of a monitor that has one.
    """
    numbers = {field: _number(getattr(form, field), words) for field, words in _NUMBERS.items()}
    if form.severity not in SEVERITIES:
        raise UsageError(f"'{shortened(form.severity, 40)}' is no severity; choose {', '.join(SEVERITIES)}.")
    if not form.when:
        raise UsageError("A monitor needs a rule, for example: drift is found.")
    if not form.segments:
        raise UsageError("Choose what it watches: the whole model, the values of a tag, or both.")
    every = {WHOLE, *segment_tags} <= set(form.segments)
    chosen = None if every else tuple("" if tag == WHOLE else tag for tag in form.segments)
    return Monitor(
        form.name if name is None else name,
        parse_rule(form.when),
        form.severity,
        chosen,
        note=form.note,
        **numbers,
    )


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise UsageError(f"'{shortened(text, 20)}' is no number of {what}; give a whole number.")
    return int(text)
