"""CVAT for images 1.1: one XML file with an ``<image>`` for each image, and tags and boxes in it.

Boxes are turned about their centre, clockwise, in degrees. Source: the CVAT documentation, "XML annotation
format", version 1.1. Files of *CVAT for video* (``<track>``) are refused.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import fitting_box, fitting_class, size_of
from driftwheel.formats.checked_labels import as_box, as_class, as_number, as_size
from driftwheel.formats.image_name import OnceNamed, image_name
from driftwheel.formats.labelled_image import (
    Answer,
    Attributes,
    BoxLabel,
    ClassLabel,
    LabelledImage,
    LabelSet,
)
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.single_answer import the_answer
from driftwheel.formats.turned_box import edges_around
from driftwheel.formats.xml_stream import Element, escaped, whole_elements

__all__ = ["read_cvat", "write_cvat"]

_ROOT = "annotations"
_AS_BOXES = {"polygon", "mask", "ellipse"}
_OTHER = {"polyline", "points", "cuboid", "skeleton"}


def read_cvat(stream: BinaryIO, *, called: str, losses: Losses) -> LabelSet:
    """Return the classes that the task declares and the images of a file, as they come.

    An image without tags and boxes has an answer with nothing in it: CVAT does not say whether somebody
    looked. What CVAT says of the order of drawing, groups, and whether a person or a model drew a single box,
    is not read.

    Parameters
    ----------
    stream
        Can be rewound. Read twice where the task declares classes.

    Raises
    ------
    LabelFormatError
        Names the line: for damaged files, document types, tracks of videos, images that come twice, numbers
        that are not finite, corners in the wrong order, and what `losses` does not allow.
    """
    stream.seek(0)
    declared = next(whole_elements(stream, _ROOT, ["labels", "image"], called), None)
    classes: dict[str, None] = {}
    for one in declared.children if declared is not None and declared.tag == "labels" else ():
        if one.tag == "label" and not one.word("parent"):
            classes[as_class(one.word("name"), f"{called}, line {one.line}")] = None
    return LabelSet(tuple(classes), _images(stream, called, losses))


def write_cvat(
    images: Iterable[LabelledImage],
    out: BinaryIO,
    scratch: BinaryIO,
    *,
    classes: Sequence[str],
    losses: Losses,
) -> None:
    """Write a file that CVAT reads: its labels, then the images as they come, numbered from 0 as CVAT does.

    Coordinates have two decimals or, where that would be off, up to four; angles up to six.

    Parameters
    ----------
    images
        Read once; of each, the one answer.
    out
        Receives the file.
    scratch
        An empty file that can be rewound, which holds the images meanwhile.
    classes
        Labels in this order, then those that come besides.

    Raises
    ------
    LabelFormatError
        Names the image and the box that the format cannot say, unless `losses` allows it.
    """
    labels = dict.fromkeys(classes)
    once, count = OnceNamed(), 0
    for image in images:
        answer = the_answer(image, losses)
        if answer is None:
            continue
        once.add(image.name, "CVAT")
        width, height = size_of(image)
        name = escaped(image.name, image.name)
        lines = [f'  <image id="{count}" name="{name}" width="{width}" height="{height}">']
        for one in answer.classes:
            fit = fitting_class(one, f"'{image.name}'", losses, attributes=True)
            lines += _element("tag", {"label": fit.label}, fit.attributes, answer, image.name)
        for place, box in enumerate(answer.boxes, start=1):
            where = f"'{image.name}', box {place}"
            drawn = fitting_box(box, where, losses, rotation=True, flags=("occluded",), attributes=True)
            lines += _element("box", _box_attributes(drawn), drawn.attributes, answer, image.name)
        labels |= dict.fromkeys(one.label for one in answer.classes)
        labels |= dict.fromkeys(box.label for box in answer.boxes)
        scratch.write("\n".join([*lines, "  </image>", ""]).encode())
        count += 1
    head = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<annotations>",
        "  <version>1.1</version>",
        f"  <meta><task><size>{count}</size><mode>annotation</mode><labels>",
        *(f"    <label><name>{escaped(label)}</name><attributes></attributes></label>" for label in labels),
        "  </labels></task></meta>",
        "",
    ]
    out.write("\n".join(head).encode())
    scratch.seek(0)
    shutil.copyfileobj(scratch, out, 1 << 20)
    out.write(b"</annotations>\n")


def _images(stream: BinaryIO, called: str, losses: Losses) -> Iterator[LabelledImage]:
    stream.seek(0)
    once = OnceNamed()
    for element in whole_elements(stream, _ROOT, ["image", "track"], called):
        where = f"{called}, line {element.line}"
        if element.tag == "track":
            raise LabelFormatError(f"{where}: a track of a video. Export the task as 'CVAT for images 1.1'.")
        name = once.add(image_name(element.attributes.get("name"), where), where)
        width, height = (as_size(element.attributes.get(side), where, side) for side in ("width", "height"))
        classes: list[ClassLabel] = []
        boxes: list[BoxLabel] = []
        for child in element.children:
            place = f"{called}, line {child.line}"
            if child.tag == "tag":
                classes.append(_class(child, place))
            elif (box := _box(child, place, losses)) is not None:
                boxes.append(box)
        yield LabelledImage(name, width, height, (Answer(tuple(classes), tuple(boxes)),))


def _class(one: Element, where: str) -> ClassLabel:
    return ClassLabel(as_class(one.attributes.get("label"), where), attributes=_attributes(one))


def _box(one: Element, where: str, losses: Losses) -> BoxLabel | None:
    label = as_class(one.attributes.get("label"), where)
    if one.tag in _OTHER:
        losses.lose(Loss.OTHER_SHAPES, where, f"'{label}' is a {one.tag}")
        return None
    if one.tag == "box":
        left, upper, right, lower = (
            as_number(one.attributes.get(side), where, side) for side in ("xtl", "ytl", "xbr", "ybr")
        )
        edges = (left, upper, right - left, lower - upper)
    elif one.tag in _AS_BOXES:
        losses.lose(Loss.SHAPES_AS_BOXES, where, f"'{label}' is a {one.tag}")
        edges = _edges_of(one, where)
    else:
        raise LabelFormatError(f"{where}: <{one.tag}> is nothing that CVAT for images 1.1 has. Take it out.")
    turn = as_number(one.attributes.get("rotation", "0"), where, "rotation") if one.tag == "box" else 0.0
    occluded = one.attributes.get("occluded", "0")
    if occluded not in {"0", "1"}:
        raise LabelFormatError(f"{where}: occluded is '{occluded}'; it is 0 or 1.")
    return as_box(
        label,
        edges,
        where,
        losses,
        rotation=turn % 360,
        occluded=occluded == "1",
        attributes=_attributes(one),
    )


def _edges_of(one: Element, where: str) -> tuple[float, float, float, float]:
    """Return the upright box around a polygon, a mask, or a turned ellipse."""
    given = one.attributes
    if one.tag == "mask":
        x, y, width, height = (
            as_number(given.get(side), where, side) for side in ("left", "top", "width", "height")
        )
        return x, y, width, height
    if one.tag == "ellipse":
        cx, cy, rx, ry = (as_number(given.get(part), where, part) for part in ("cx", "cy", "rx", "ry"))
        turn = math.radians(as_number(given.get("rotation", "0"), where, "rotation"))
        across = math.hypot(rx * math.cos(turn), ry * math.sin(turn))
        down = math.hypot(rx * math.sin(turn), ry * math.cos(turn))
        return cx - across, cy - down, 2 * across, 2 * down
    points = []
    for pair in (given.get("points") or "").split(";"):
        x_word, _, y_word = pair.partition(",")
        points.append((as_number(x_word, where, "a point"), as_number(y_word, where, "a point")))
    return edges_around(points)


def _attributes(one: Element) -> Attributes:
    return tuple(
        (child.attributes.get("name", ""), child.text) for child in one.children if child.tag == "attribute"
    )


def _box_attributes(box: BoxLabel) -> dict[str, Any]:
    written = {
        "label": box.label,
        "occluded": int(box.occluded),
        "xtl": _decimals(box.x, 4),
        "ytl": _decimals(box.y, 4),
        "xbr": _decimals(box.x + box.width, 4),
        "ybr": _decimals(box.y + box.height, 4),
        "z_order": 0,
    }
    return written | ({"rotation": _decimals(box.rotation, 6)} if box.rotation else {})


def _element(tag: str, given: dict[str, Any], attributes: Attributes, answer: Answer, name: str) -> list[str]:
    given = given | {"source": "manual" if answer.source == "human" else "auto"}
    words = " ".join(f'{key}="{escaped(str(value), name)}"' for key, value in given.items())
    inside = [
        f'      <attribute name="{escaped(key, name)}">{escaped(value, name)}</attribute>'
        for key, value in attributes
    ]
    return [f"    <{tag} {words}>", *inside, f"    </{tag}>"]


def _decimals(value: float, most: int) -> str:
    """Return a number with two decimals, or up to `most` where two would be off by more than 1e-9."""
    short = f"{value:.2f}"
    return short if abs(float(short) - value) < 1e-9 else f"{value:.{most}f}"
