"""What an answer says: the one form in which the classes or boxes of an image are kept and compared.

``{"class": "cat"}``, ``{"classes": ["cat", "dog"]}`` or ``{"boxes": [{"class", "x", "y", "w", "h",
"rotation"}]}`` in pixels of the upright image, the rotation clockwise in degrees about the centre.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from driftwheel.agreement.box_answers import BoxAnswer, DrawnBox, box_answers
from driftwheel.agreement.box_skill import compare_with_golden
from driftwheel.errors import UsageError, did_you_mean
from driftwheel.store.labels.projects import AnswerType, Project

__all__ = [
    "MOST_BOXES",
    "boxes_of",
    "checked_payload",
    "is_correct",
    "likeness",
    "payload_of_boxes",
    "stratum_of",
]

MOST_BOXES = 1000
"""Of one answer."""

_FIELDS: Mapping[AnswerType, str] = {"class": "class", "multi-class": "classes", "boxes": "boxes"}
_NUMBERS = ("x", "y", "w", "h", "rotation")
_FARTHEST = 1e6  # pixels


def checked_payload(project: Project, payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what an answer says, in the form that is kept.

    Classes come in the order of the project, each once; a box without a rotation is not turned.

    Raises
    ------
    UsageError
        When it is not of the form that the project asks for, or names a class that it has not.
    """
    field = _FIELDS[project.answer]
    if payload is None or set(payload) != {field}:
        given = "nothing" if payload is None else ", ".join(sorted(payload)) or "nothing"
        raise UsageError(f"The project '{project.name}' asks for '{field}'; the answer has {given}.")
    names = [one.name for one in project.classes]
    value = payload[field]
    if field == "class":
        return {"class": _class(value, names)}
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise UsageError(f"'{field}' is a list; the answer has {value!r:.50}.")
    if field == "classes":
        chosen = {_class(one, names) for one in value}
        return {"classes": [name for name in names if name in chosen]}
    if len(value) > MOST_BOXES:
        raise UsageError(f"The answer has {len(value):,} boxes; at most {MOST_BOXES:,} are kept.")
    return {"boxes": [_box(one, names) for one in value]}


def boxes_of(payload: Mapping[str, Any]) -> tuple[DrawnBox, ...]:
    """Return the boxes of a payload.

    Examples
    --------
    >>> boxes_of({"boxes": [{"class": "car", "x": 1, "y": 2, "w": 3, "h": 4, "rotation": 0}]})
    (DrawnBox(label='car', x=1, y=2, width=3, height=4, rotation=0),)
    """
    return tuple(
        DrawnBox(one["class"], one["x"], one["y"], one["w"], one["h"], one.get("rotation", 0.0))
        for one in payload["boxes"]
    )


def payload_of_boxes(boxes: Sequence[DrawnBox]) -> dict[str, Any]:
    """Return boxes as a payload: what `boxes_of` reads."""
    return {
        "boxes": [
            {
                "class": one.label,
                "x": one.x,
                "y": one.y,
                "w": one.width,
                "h": one.height,
                "rotation": one.rotation,
            }
            for one in boxes
        ]
    }


def is_correct(project: Project, payload: Mapping[str, Any], truth: Mapping[str, Any]) -> bool:
    """Return whether an answer to a golden task is right.

    Classes must be the same; boxes must match one to one at an overlap of a half, with the right classes.
    """
    if project.answer != "boxes":
        return dict(payload) == dict(truth)
    names = [one.name for one in project.classes]
    given = box_answers([BoxAnswer("task", "annotator", boxes_of(payload))], names)
    (drawn,), _ = compare_with_golden(given, {"task": boxes_of(truth)})
    return drawn.objects == drawn.found == drawn.right_class and drawn.extra == 0


def likeness(project: Project, payload: Mapping[str, Any], truth: Mapping[str, Any]) -> float:
    """Return how much of an answer to a golden task is right, 0…1: what both name, of all that either names.

    Of boxes: those that match at an overlap of a half, with the right class. Nothing is all of nothing.
    """
    if project.answer == "class":
        return float(dict(payload) == dict(truth))
    if project.answer == "multi-class":
        said, true = set(payload["classes"]), set(truth["classes"])
        return len(said & true) / len(said | true) if said | true else 1.0
    names = [one.name for one in project.classes]
    given = box_answers([BoxAnswer("task", "annotator", boxes_of(payload))], names)
    (drawn,), _ = compare_with_golden(given, {"task": boxes_of(truth)})
    either = drawn.objects + drawn.extra
    return drawn.right_class / either if either else 1.0


def stratum_of(truth: Mapping[str, Any]) -> str:
    """Return by which class a golden task is balanced: its class, the first of several, or ``""`` of none.

    Examples
    --------
    >>> stratum_of({"class": "cat"}), stratum_of({"classes": []})
    ('cat', '')
    """
    if "class" in truth:
        return str(truth["class"])
    if "classes" in truth:
        return str(truth["classes"][0]) if truth["classes"] else ""
    return str(truth["boxes"][0]["class"]) if truth["boxes"] else ""


def _class(value: object, names: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in names:
        hint = did_you_mean(value, names) if isinstance(value, str) else ""
        raise UsageError(f"The project has no class {value!r:.150}.{hint}")
    return value


def _box(value: object, names: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not {"class", "x", "y", "w", "h"} <= set(value) <= {
        "class",
        *_NUMBERS,
    }:
        raise UsageError("A box has class, x, y, w, h and perhaps rotation, and nothing else.")
    numbers: dict[str, float] = {}
    for name in _NUMBERS:
        number = value.get(name, 0.0)
        plain = isinstance(number, int | float) and not isinstance(number, bool)
        if not plain or not math.isfinite(number) or abs(number) > _FARTHEST:
            raise UsageError(f"The {name} of a box is {number!r:.50}; give a number of pixels or degrees.")
        numbers[name] = float(number)
    if numbers["w"] <= 0 or numbers["h"] <= 0:
        raise UsageError(f"A box is {numbers['w']:g} wide and {numbers['h']:g} high; both must be above 0.")
    return {"class": _class(value["class"], names), **numbers}
