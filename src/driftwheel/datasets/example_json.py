"""Examples as lines of JSON: one canonical form, so that equal examples are equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from driftwheel.datasets.example import SOURCES, SPLITS, Example, ImageLabel, LabelledBox, Origin
from driftwheel.errors import UsageError

__all__ = ["canonical_json", "example_of_line", "label_from_json", "label_to_json", "line_of_example"]

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)


def canonical_json(value: object) -> str:
    """Return equal values as equal texts, without blanks.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": ["é"]})
    '{"a":["é"],"b":1}'
    """
    return _ENCODER.encode(value)


def label_to_json(label: ImageLabel) -> dict[str, Any]:
    """Return a label in the form that answers of annotators have, too.

    Examples
    --------
    >>> label_to_json(ImageLabel("boxes", boxes=(LabelledBox("car", 1, 2, 3, 4),)))
    {'boxes': [{'class': 'car', 'x': 1.0, 'y': 2.0, 'w': 3.0, 'h': 4.0, 'rotation': 0.0}]}
    """
    if label.kind == "class":
        return {"class": label.classes[0]}
    if label.kind == "multi-class":
        return {"classes": list(label.classes)}
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
            for one in label.boxes
        ]
    }


def label_from_json(value: Mapping[str, Any]) -> ImageLabel:
    """Return the label that `label_to_json`, an answer or a ground truth says.

    Raises
    ------
    UsageError
        For what is none of them.

    Examples
    --------
    >>> label_from_json({"class": "cat"}).words
    'cat'
    """
    try:
        if "class" in value:
            return ImageLabel("class", (value["class"],))
        if "classes" in value:
            return ImageLabel("multi-class", tuple(value["classes"]))
        boxes = (
            LabelledBox(one["class"], one["x"], one["y"], one["w"], one["h"], one.get("rotation", 0.0))
            for one in value["boxes"]
        )
        return ImageLabel("boxes", boxes=tuple(boxes))
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"A label has 'class', 'classes' or 'boxes'; this is {value!r:.80}.") from None


def line_of_example(example: Example) -> bytes:
    r"""Return an example as one line, with its end; what is not known of it is left out.

    Examples
    --------
    >>> one = Example(bytes(32), "a", ImageLabel("class", ("cat",)), "train", Origin("told"))
    >>> line_of_example(one)[74:]
    b'","label":{"class":"cat"},"name":"a","origin":{"source":"told"},"split":"train"}\n'
    """
    known: dict[str, Any] = {
        "image": example.image.hex(),
        "name": example.name,
        "label": label_to_json(example.label),
        "split": example.split,
        "origin": _origin_to_json(example.origin),
    }
    if example.width is not None and example.height is not None:
        known["size"] = [example.width, example.height]
    if example.group:
        known["group"] = example.group
    if example.holdout:
        known["holdout"] = True
    return canonical_json(known).encode() + b"\n"


def example_of_line(line: bytes) -> Example:
    """Return the example that a line says.

    Raises
    ------
    UsageError
        When it is none: the manifest is damaged, or of a later release.
    """
    try:
        value = json.loads(line)
        origin = value["origin"]
        width, height = value.get("size", (None, None))
        return Example(
            bytes.fromhex(value["image"]),
            value["name"],
            label_from_json(value["label"]),
            SPLITS[SPLITS.index(value["split"])],
            Origin(
                **{
                    **origin,
                    "source": SOURCES[SOURCES.index(origin["source"])],
                    "by": tuple(origin.get("by", ())),
                    "time": _moment(origin.get("time")),
                    "taken": _moment(origin.get("taken")),
                }
            ),
            width,
            height,
            value.get("group", ""),
            value.get("holdout", False),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"A line of a dataset's manifest cannot be read ({error!s:.60}): {line[:60]!r}. It is damaged, "
            "or a later release wrote it."
        ) from None


def _origin_to_json(origin: Origin) -> dict[str, Any]:
    known: dict[str, Any] = {"source": origin.source}
    for name in ("record", "model_version", "project", "pool", "reason"):
        if text := getattr(origin, name):
            known[name] = text
    for name in ("task", "alert", "probability"):
        if (number := getattr(origin, name)) is not None:
            known[name] = number
    for name in ("time", "taken"):
        if (moment := getattr(origin, name)) is not None:
            known[name] = cast("datetime", moment).astimezone(UTC).isoformat().replace("+00:00", "Z")
    if origin.by:
        known["by"] = list(origin.by)
    if origin.tags:
        known["tags"] = dict(origin.tags)
    return known


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
