"""The ``result`` of a Label Studio annotation or prediction: a list of choices and regions.

A region is in percent of the image's width and height, and is turned clockwise about its *upper left corner*;
its sides may be negative. Source: the Label Studio documentation, "Label Studio JSON format of annotated
tasks", and the reference of its tags.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import clipped, fitting_box, fitting_class
from driftwheel.formats.checked_labels import (
    as_box,
    as_class,
    as_list,
    as_number,
    as_object,
    as_score,
    as_size,
)
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.turned_box import Edges, about_centre, edges_around, top_left, turned

__all__ = ["TagNames", "read_result", "write_result"]

_BOXES = {"rectanglelabels": "rectanglelabels", "labels": "labels", "hypertextlabels": "labels"}
_AS_BOXES = {"polygonlabels", "polygon", "ellipselabels", "ellipse"}
_SAID_OF_REGIONS = {"choices": "choices", "textarea": "text", "rating": "rating", "number": "number"}


@dataclass(frozen=True, slots=True)
class TagNames:
    """What the tags of the labelling configuration are called."""

    choices: str = "choice"
    boxes: str = "label"
    image: str = "image"


def read_result(
    result: Sequence[Any], where: str, losses: Losses, *, scores: bool
) -> tuple[tuple[ClassLabel, ...], tuple[BoxLabel, ...], tuple[int, int] | None]:
    """Return the classes and boxes of a result, and the size of the image where a region says it.

    A region with several labels is a box for each. What else is said of a region (choices, text, rating) is
    an attribute of its box, by the name of its tag.

    Parameters
    ----------
    scores
        Whether to read ``score``: that of a person's region is of the prediction it began as.
    """
    items = [as_object(item, f"{where}, result[{place}]") for place, item in enumerate(result)]
    for place, item in enumerate(items):
        if not isinstance(item.get("type"), str) or not isinstance(item.get("id", ""), str | int):
            raise LabelFormatError(
                f"{where}, result[{place}]: 'type' should be text, and 'id' text or a number."
            )
    size = _size(items, where)
    said: defaultdict[object, list[tuple[str, str]]] = defaultdict(list)
    regions = {item.get("id") for item in items if item.get("type") not in _SAID_OF_REGIONS} - {None}
    labelled = {item.get("id") for item in items if item.get("type") in _BOXES}
    for item in items:
        if (kind := item.get("type")) in _SAID_OF_REGIONS and item.get("id") in regions:
            said[item["id"]].append(
                (str(item.get("from_name", "")), _words(item, _SAID_OF_REGIONS[kind], where))
            )
    classes: list[ClassLabel] = []
    boxes: list[BoxLabel] = []
    for place, item in enumerate(items):
        spot, kind, key = f"{where}, result[{place}]", item.get("type"), item.get("id")
        score = as_score(item.get("score"), spot) if scores else None
        if kind in _SAID_OF_REGIONS and key in regions:
            continue
        if kind == "choices":
            value = as_object(item.get("value"), f"{spot}, value")
            chosen = value.get("choices")
            labels = [chosen] if isinstance(chosen, str) else as_list(chosen, f"{spot}, choices")
            classes += [ClassLabel(as_class(label, spot), score) for label in labels]
        elif kind in _BOXES or kind in _AS_BOXES or kind == "rectangle":
            if kind not in _BOXES and key in labelled:
                continue  # its label stands in an item of its own, with the shape
            more = {"score": score, "attributes": tuple(said[key])}
            boxes += _boxes(item, size, more, spot, losses)
        else:
            losses.lose(Loss.OTHER_SHAPES, spot, f"'{kind}' is no class and no box")
    return tuple(classes), tuple(boxes), size


def write_result(
    answer: Answer, size: tuple[int, int] | None, *, prefix: str, where: str, losses: Losses, tags: TagNames
) -> list[dict[str, Any]]:
    """Return the result that says an answer.

    A person's boxes are written as they are. A model's are cut off at the border of the image: Label Studio
    takes no prediction beyond it.

    Parameters
    ----------
    size
        Of the image; needed for boxes.
    prefix
        Begins the ids of the regions.
    """
    scores = answer.source == "model"
    written: list[dict[str, Any]] = []
    names = {"from_name": tags.choices, "to_name": tags.image}
    fits = [fitting_class(one, where, losses, score=scores) for one in answer.classes]
    together = len({one.score for one in fits}) <= 1
    for number, group in enumerate([fits] if together and fits else [[one] for one in fits], start=1):
        item: dict[str, Any] = {"id": f"{prefix}c{number}", **names, "type": "choices"}
        item["value"] = {"choices": [one.label for one in group]}
        written.append(item if group[0].score is None else item | {"score": group[0].score})
    for number, box in enumerate(answer.boxes, start=1):
        if size is None:
            raise LabelFormatError(
                f"{where}: the size of the image is not known, and Label Studio needs it for boxes. "
                "Say where the images are: --images FOLDER."
            )
        fit = fitting_box(box, f"{where}, box {number}", losses, rotation=True, attributes=True, score=scores)
        shown = fit if answer.source == "human" else _within(fit, size, f"{where}, box {number}", losses)
        if shown is not None:
            written += _region(shown, size, f"{prefix}b{number}", tags)
    return written


def _within(box: BoxLabel, size: tuple[int, int], where: str, losses: Losses) -> BoxLabel | None:
    """Return a model's box as Label Studio takes it: first corner and sides between 0 and 100 percent.

    An upright box is cut off at the border. A turned one begins at another of its corners, which is the same
    box; where none is inside, it becomes the upright box around it.
    """
    if not box.rotation:
        return clipped(box, *size, where, losses)
    for _ in range(4):
        x, y = top_left(box)
        if 0 <= x <= size[0] and 0 <= y <= size[1] and box.width <= size[0] and box.height <= size[1]:
            return box
        cx, cy = box.x + box.width / 2, box.y + box.height / 2
        box = replace(
            box,
            x=cx - box.height / 2,
            y=cy - box.width / 2,
            width=box.height,
            height=box.width,
            rotation=(box.rotation + 90) % 360,
        )
    return clipped(fitting_box(box, where, losses, attributes=True, score=True), *size, where, losses)


def _region(box: BoxLabel, size: tuple[int, int], key: str, tags: TagNames) -> list[dict[str, Any]]:
    x, y = top_left(box)
    shape = {
        "x": 100 * x / size[0],
        "y": 100 * y / size[1],
        "width": 100 * box.width / size[0],
        "height": 100 * box.height / size[1],
        "rotation": box.rotation,
    }
    common = {
        "id": key,
        "to_name": tags.image,
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
    }
    item = common | {
        "from_name": tags.boxes,
        "type": "rectanglelabels",
        "value": shape | {"rectanglelabels": [box.label]},
    }
    if box.score is not None:
        item["score"] = box.score
    said = (
        common | {"from_name": name, "type": "textarea", "value": shape | {"text": [value]}}
        for name, value in box.attributes
    )
    return [item, *said]


def _size(items: Sequence[Mapping[str, Any]], where: str) -> tuple[int, int] | None:
    sizes = set()
    for place, item in enumerate(items):
        spot = f"{where}, result[{place}]"
        if item.get("original_width") is not None and item.get("original_height") is not None:
            sizes.add(
                (
                    as_size(item["original_width"], spot, "original_width"),
                    as_size(item["original_height"], spot, "original_height"),
                )
            )
        if item.get("image_rotation"):
            raise LabelFormatError(
                f"{spot}: the image was turned by {item['image_rotation']}° in the tool, "
                "which is not read. Turn it back there, and export it anew."
            )
        if item.get("item_index"):
            raise LabelFormatError(
                f"{spot}: it is of page {item['item_index']} of several, which are not read."
            )
    if len(sizes) > 1:
        raise LabelFormatError(f"{where}: its regions say different sizes of the image. Which one is right?")
    return sizes.pop() if sizes else None


def _boxes(
    item: Mapping[str, Any],
    size: tuple[int, int] | None,
    more: Mapping[str, Any],
    where: str,
    losses: Losses,
) -> list[BoxLabel]:
    kind = str(item.get("type"))
    value = as_object(item.get("value"), f"{where}, value")
    labels = as_list(value.get(_BOXES.get(kind, kind)) or [], f"{where}: its labels")
    if not labels:
        raise LabelFormatError(f"{where}: a region without a class. Give it one there, or take it out.")
    if size is None:
        raise LabelFormatError(f"{where}: it does not say original_width and original_height. Add them.")
    if kind in _AS_BOXES or "points" in value:
        losses.lose(Loss.SHAPES_AS_BOXES, where, f"'{labels[0]}' is no rectangle ({kind})")
        edges, turn = _around(value, size, where), 0.0
    else:
        x, y, width, height = (
            as_number(value.get(side), where, side) * size[axis % 2] / 100
            for axis, side in enumerate(("x", "y", "width", "height"))
        )
        edges, turn = about_centre(
            x, y, width, height, as_number(value.get("rotation") or 0, where, "rotation")
        )
    names = [as_class(label, where) for label in labels]
    found = (as_box(name, edges, where, losses, rotation=turn, **more) for name in names)
    return [box for box in found if box is not None]


def _around(value: Mapping[str, Any], size: tuple[int, int], where: str) -> Edges:
    """Return the upright box around a polygon or an ellipse (turned about its centre), in pixels."""
    if "points" in value:
        pairs = (
            as_list(point, f"{where}, a point") for point in as_list(value["points"], f"{where}, points")
        )
        return edges_around(
            [tuple(as_number(part, where, "a point") * side / 100 for part, side in zip(pair, size,
            strict=True))  # type: ignore[misc]
             for pair in pairs]
        )  # fmt: skip
    x, y, across, down = (
        as_number(value.get(part), where, part) * size[axis % 2] / 100
        for axis, part in enumerate(("x", "y", "radiusX", "radiusY"))
    )
    turn = as_number(value.get("rotation") or 0, where, "rotation")
    first, second = turned(across, 0, turn), turned(0, down, turn)
    half = math.hypot(first[0], second[0]), math.hypot(first[1], second[1])
    return x - half[0], y - half[1], 2 * half[0], 2 * half[1]


def _words(item: Mapping[str, Any], key: str, where: str) -> str:
    value = as_object(item.get("value"), f"{where}, value").get(key)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
