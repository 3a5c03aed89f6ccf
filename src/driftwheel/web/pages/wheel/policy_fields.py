"""The policy of a wheel as fields of a form: their words, how they are written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from driftwheel.errors import UsageError
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["GROUPS", "FieldGroup", "PolicyField", "policy_changes", "policy_rows", "shown_value"]

_Kind = Literal["switch", "count", "number", "percent", "choice", "text"]


@dataclass(frozen=True, slots=True)
class PolicyField:
    """A value of the policy in a form.

    Attributes
    ----------
    words
        Its label.
    unit
        After a value that is shown: "days", "%".
    hint
        What it does, where the label does not say it.
    optional
        Whether an empty field means none.
    choices
        Of a choice: value and words.
    """

    name: str
    words: str
    kind: _Kind
    unit: str = ""
    hint: str = ""
    optional: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields that belong together, under a heading."""

    words: str
    fields: tuple[PolicyField, ...]


_SEVERITIES = (("info", "any"), ("warning", "at least warning"), ("critical", "critical"))
GROUPS: Final = (
    FieldGroup(
        "A turn begins",
        (
            PolicyField("enabled", "Turns begin by themselves", "switch"),
            PolicyField("on_alert", "when a drift alert fires", "switch"),
            PolicyField("alert_severity", "Alert", "choice", choices=_SEVERITIES),
            PolicyField("accuracy_below", "Accuracy below", "percent", "%", "Empty: not for that.", True),
            PolicyField("accuracy_days", "measured over, days", "count", "days"),
            PolicyField("least_labels", "labels, at least", "count"),
            PolicyField("new_labels", "New labels", "count", "", "Empty: not for that.", True),
            PolicyField("every_days", "Every, days", "count", "days", "Empty: not for that.", True),
        ),
    ),
    FieldGroup(
        "How often, how much",
        (
            PolicyField("cool_down_days", "Rest after a turn, days", "number", "days"),
            PolicyField("turns_per_month", "Turns in 30 days", "count"),
            PolicyField("labels_per_month", "Labels in 30 days", "count"),
            PolicyField("most_labels", "Labels a turn, at most", "count", "", "With those for the gate."),
        ),
    ),
    FieldGroup(
        "Labels",
        (
            PolicyField("images", "Images a turn", "count"),
            PolicyField("holdout_share", "at random", "percent", "%", "To measure on; never learnt from."),
            PolicyField("overlap", "People for an image", "count"),
            PolicyField("most_overlap", "and at most", "count", "", "Empty: no more.", True),
            PolicyField("golden_share", "Golden tasks", "percent", "%"),
            PolicyField("deadline_days", "Wait for people, days", "number", "days"),
            PolicyField("remind_days", "Remind after, days", "number", "days", "Once; 0: never."),
            PolicyField(
                "unsettled",
                "Disagreed on",
                "choice",
                choices=(("leave_out", "is left out"), ("review", "is reviewed by a person")),
            ),
            PolicyField("project", "Labelling project", "text", "", "Empty: the newest of the model.", True),
        ),
    ),
    FieldGroup(
        "After the labels",
        (
            PolicyField("harm_margin", "Harm: lost", "percent", "points"),
            PolicyField("end_without_harm", "End where no harm is shown", "switch"),
            PolicyField("repair", "Repair a camera fault without labels at once", "switch"),
        ),
    ),
    FieldGroup(
        "After a promotion",
        (
            PolicyField("watch_days", "Watch it, days", "number", "days"),
            PolicyField("watch_labels", "or until labels", "count"),
            PolicyField("watch_margin", "Worse by", "percent", "points"),
            PolicyField("roll_back", "Roll back where it is shown to be worse", "switch"),
        ),
    ),
)
_FIELDS: Final = {one.name: one for group in GROUPS for one in group.fields}


def shown_value(field: PolicyField, policy: WheelPolicy) -> str:
    """Return a value as the form has it: a share in per cent, none as nothing."""
    value = getattr(policy, field.name)
    if value is None:
        return ""
    if field.kind == "percent":
        return f"{100 * value:g}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def policy_rows(policy: WheelPolicy) -> tuple[tuple[str, str], ...]:
    """Return the whole policy to be read: words and values."""
    rows = []
    for field in _FIELDS.values():
        value = shown_value(field, policy)
        if field.kind == "switch":
            value = "yes" if getattr(policy, field.name) else "no"
        elif field.kind == "choice":
            value = dict(field.choices)[value]
        elif value:
            unit = "day" if (value, field.unit) == ("1", "days") else field.unit
            value = f"{value} {unit}".strip()
        rows.append((field.words, value or "–"))
    return tuple(rows)


def policy_changes(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form sets: a switch that is not sent is off.

    A field that holds what ``was-`` and its name say it held when the form was made sets nothing: who has
    changed it since is not overruled by whoever has only looked at it.

    Raises
    ------
    UsageError
        That names the field whose value cannot be read.
    """
    return {
        name: _read(field, given.get(name, "").strip())
        for name, field in _FIELDS.items()
        if given.get(f"was-{name}") != given.get(name, "")
    }


def _read(field: PolicyField, text: str) -> bool | int | float | str | None:
    if field.kind == "switch":
        return text == "yes"
    if not text and field.optional:
        return None
    if field.kind in {"choice", "text"}:
        return text
    try:
        if field.kind == "count":
            return int(text)
        return float(text) / 100 if field.kind == "percent" else float(text)
    except ValueError:
        wanted = "a whole number" if field.kind == "count" else "a number"
        raise UsageError(f"'{text[:40]}' is no value for '{field.words}'; give {wanted}.") from None
