"""COCO: images, annotations and categories in one JSON file; boxes as x, y, width and height in pixels.

Source: https://cocodataset.org/#format-data. Beyond it, as CVAT and Datumaro write it: ``attributes`` of an
annotation (``occluded``, ``rotation`` about the centre in degrees clockwise, and any other), and ``score``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import fitting_box, no_classes, size_of
from driftwheel.formats.checked_labels import (
    as_attributes,
    as_box,
    as_class,
    as_list,
    as_number,
    as_object,
    as_score,
    as_size,
)
from driftwheel.formats.coco_table import CocoTable
from driftwheel.formats.image_name import OnceNamed, image_name
from driftwheel.formats.json_stream import list_items
from driftwheel.formats.labelled_image import BoxLabel, ClassLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.single_answer import the_answer
from driftwheel.formats.turned_box import edges_around

__all__ = ["read_coco", "write_coco"]

_FLAGS_IN_ATTRIBUTES = ("occluded", "truncated")


def read_coco(stream: BinaryIO, *, called: str, losses: Losses) -> LabelSet:
    """Return the classes (in order of their ids) and images (in order of the file) of a COCO file.

    Ids may be sparse and the parts in any order. An image without an annotation has an answer with nothing in
    it: COCO cannot say that nobody looked. An annotation without ``bbox`` and ``segmentation`` is a class of
    the whole image. The file is read three times; about 100 bytes are kept for each annotation and 250 for
    each image.

    Parameters
    ----------
    stream
        Can be rewound.
    called
        What errors call the file.
    losses
        Judges what is no box.

    Raises
    ------
    LabelFormatError
        Names the file and the annotation: for unknown images and categories, ids and images that come
        twice, numbers that are not finite, sides below 0, and what `losses` does not allow.
    """
    classes = _categories(stream, called)
    names = [label for _, label in sorted(classes.items())]
    numbers = {key: number for number, key in enumerate(sorted(classes))}
    table = CocoTable(names)
    _read_images(stream, called, table)
    seen: set[int | str] = set()
    for place, item in enumerate(list_items(stream, "annotations.item", called)):
        one = as_object(item, f"{called}, annotations[{place}]")
        where = f"{called}, annotation {one.get('id', f'at {place}')}"
        if (key := one.get("id")) is not None:
            if not isinstance(key, int | str) or key in seen:
                how = "is there twice" if isinstance(key, int | str) else f"is {key!r}"
                raise LabelFormatError(f"{where}: its id {how}. Number the annotations anew.")
            seen.add(key)
        category = numbers.get(_key(one.get("category_id"), where, "category_id"))
        if category is None:
            known = ", ".join(map(str, sorted(classes)[:10])) or "none"
            raise LabelFormatError(
                f"{where}: the category {one['category_id']} is not among the categories ({known}). "
                "Add it there, or correct the annotation."
            )
        image = table.image_of(_key(one.get("image_id"), where, "image_id"), where)
        found = _read_annotation(one, names[category], where, losses)
        if found is not None:
            table.add(image, category, found)
    return LabelSet(tuple(names), table.images())


def write_coco(
    images: Iterable[LabelledImage],
    out: BinaryIO,
    scratch: BinaryIO,
    *,
    classes: Sequence[str],
    losses: Losses,
) -> None:
    """Write a COCO file: images as they come, annotations after them; ids from 1.

    Parameters
    ----------
    images
        Read once; of each, the one answer.
    out
        Receives the file.
    scratch
        An empty file that can be rewound, which holds the annotations meanwhile.
    classes
        Categories in this order, then those that come besides.

    Raises
    ------
    LabelFormatError
        Names the image and the box that the format cannot say, unless `losses` allows it.
    """
    ids = {label: number for number, label in enumerate(dict.fromkeys(classes), start=1)}
    once, count, annotations = OnceNamed(), 0, 0
    out.write(
        b'{"info": {"description": "written by Driftwheel", "version": "1.0"}, "licenses": [],\n"images": ['
    )
    for image in images:
        answer = the_answer(image, losses)
        if answer is None:
            continue
        once.add(image.name, "COCO")
        width, height = size_of(image)
        count += 1
        entry = {"id": count, "file_name": image.name, "width": width, "height": height}
        out.write((b"\n" if count == 1 else b",\n") + _json(entry))
        no_classes(answer, f"'{image.name}'", losses)
        for number, box in enumerate(answer.boxes, start=1):
            where = f"'{image.name}', box {number}"
            fit = fitting_box(
                box,
                where,
                losses,
                flags=("crowd", "occluded", "truncated", "ignored"),
                attributes=True,
                score=True,
            )
            annotations += 1
            category = ids.setdefault(fit.label, len(ids) + 1)
            scratch.write(b"\n" if annotations == 1 else b",\n")
            scratch.write(_json(_annotation(fit, annotations, count, category, where)))
    out.write(b"\n],\n" + b'"annotations": [')
    scratch.seek(0)
    shutil.copyfileobj(scratch, out, 1 << 20)
    categories = [{"id": number, "name": label, "supercategory": ""} for label, number in ids.items()]
    out.write(b"\n],\n" + b'"categories": ' + _json(categories) + b"}\n")


def _annotation(box: BoxLabel, number: int, image: int, category: int, where: str) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": number,
        "image_id": image,
        "category_id": category,
        "bbox": [box.x, box.y, box.width, box.height],
        "area": box.width * box.height,
        "iscrowd": int(box.crowd),
        "segmentation": [],
    }
    if box.ignored:
        written["ignore"] = 1
    if box.score is not None:
        written["score"] = box.score
    attributes: dict[str, Any] = dict(box.attributes)
    if set(attributes) & {*_FLAGS_IN_ATTRIBUTES, "rotation"} or len(attributes) < len(box.attributes):
        raise LabelFormatError(
            f"{where}: an attribute's name is there twice, or is one that COCO keeps for a mark."
        )
    attributes |= {name: True for name in _FLAGS_IN_ATTRIBUTES if getattr(box, name)}
    if attributes:
        written["attributes"] = attributes
    return written


def _categories(stream: BinaryIO, called: str) -> dict[int, str]:
    classes: dict[int, str] = {}
    for place, item in enumerate(list_items(stream, "categories.item", called)):
        where = f"{called}, categories[{place}]"
        one = as_object(item, where)
        key, label = _key(one.get("id"), where, "id"), as_class(one.get("name"), where)
        if key in classes or label in classes.values():
            raise LabelFormatError(f"{where}: the category {key} '{label}' is there twice. Join the two.")
        classes[key] = label
    return classes


def _read_images(stream: BinaryIO, called: str, table: CocoTable) -> None:
    once = OnceNamed()
    for place, item in enumerate(list_items(stream, "images.item", called)):
        one = as_object(item, f"{called}, images[{place}]")
        where = f"{called}, image {one.get('id', f'at {place}')}"
        name = once.add(image_name(one.get("file_name"), where), where)
        known = one.get("width") is not None and one.get("height") is not None
        size = (
            (as_size(one["width"], where, "width"), as_size(one["height"], where, "height"))
            if known
            else None
        )
        table.add_image(_key(one.get("id"), where, "id"), name, size, where)


def _read_annotation(
    one: Mapping[str, Any], label: str, where: str, losses: Losses
) -> BoxLabel | ClassLabel | None:
    bbox, shape = one.get("bbox"), one.get("segmentation")
    if any(as_list(one.get("keypoints") or [], f"{where}: keypoints")):
        losses.lose(Loss.OTHER_SHAPES, where, "it has key points")
    attributes = as_object(one.get("attributes") or {}, f"{where}, attributes")
    given = {
        name: value for name, value in attributes.items() if name not in {*_FLAGS_IN_ATTRIBUTES, "rotation"}
    }
    score = as_score(one.get("score"), where)
    if not bbox and not shape:
        return ClassLabel(label, score, as_attributes(given))
    edges = _edges(bbox, shape, where)
    if shape and not _same_as(edges, shape):
        losses.lose(Loss.SHAPES_AS_BOXES, where, f"'{label}' has a mask (segmentation)")
    crowd = one.get("iscrowd") or 0
    if crowd not in (0, 1):
        raise LabelFormatError(f"{where}: iscrowd is {crowd!r}; it is 0 or 1.")
    turn = attributes.get("rotation")
    return as_box(
        label,
        edges,
        where,
        losses,
        rotation=0.0 if not turn else as_number(turn, where, "rotation") % 360,
        score=score,
        crowd=bool(crowd),
        occluded=bool(attributes.get("occluded")),
        truncated=bool(attributes.get("truncated")),
        ignored=bool(one.get("ignore")),
        attributes=as_attributes(given),
    )


def _edges(bbox: object, shape: object, where: str) -> tuple[float, float, float, float]:
    if bbox:
        numbers = as_list(bbox, f"{where}: bbox")
        if len(numbers) != 4:
            raise LabelFormatError(f"{where}: bbox has {len(numbers)} numbers; it is [x, y, width, height].")
        x, y, width, height = (as_number(number, where, "a number of bbox") for number in numbers)
        return x, y, width, height
    if not isinstance(shape, list):
        raise LabelFormatError(f"{where}: it has a mask and no bbox. Add its bbox [x, y, width, height].")
    return edges_around([point for ring in shape for point in _points(ring, where)])


def _points(ring: object, where: str) -> Iterator[tuple[float, float]]:
    flat = [
        as_number(number, where, "a number of segmentation")
        for number in as_list(ring, f"{where}: segmentation")
    ]
    if len(flat) < 6 or len(flat) % 2:
        raise LabelFormatError(
            f"{where}: a polygon of {len(flat)} numbers; it has x, y of three points or more."
        )
    return zip(flat[::2], flat[1::2], strict=True)


def _same_as(edges: tuple[float, float, float, float], shape: object) -> bool:
    """Whether a mask is no more than the box itself, written as a polygon, as some tools do."""
    if not isinstance(shape, list) or len(shape) != 1 or not isinstance(shape[0], list) or len(shape[0]) != 8:
        return False
    x, y, width, height = edges
    expected = {(x, y), (x + width, y), (x + width, y + height), (x, y + height)}
    points = list(zip(shape[0][::2], shape[0][1::2], strict=True))
    return len(points) == len(expected) and all(
        any(abs(a - x) + abs(b - y) <= 0.01 for x, y in expected) for a, b in points
    )


def _key(value: object, where: str, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise LabelFormatError(f"{where}: {what} is {value!r}; it should be a whole number.")
    return value


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
