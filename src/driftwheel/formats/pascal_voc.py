"""Pascal VOC: one XML file an image under ``Annotations``, boxes by their corners.

In the convention of the VOC development kit (``devkit``), corners are the numbers of the first and last pixel
that are in the box, counted from 1: a box over a whole image of 640 pixels has xmin 1 and xmax 640. Many
tools (CVAT, Label Studio) write the edges instead, counted from 0 (``edges``): xmin 0 and xmax 640. A file
does not say which it is; a corner at 0 shows that it is not the first.

Source: Everingham and Winn, "The PASCAL Visual Object Classes Challenge 2012 Development Kit".
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Literal

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import clipped, fitting_box, no_classes, size_of
from driftwheel.formats.checked_labels import as_box, as_class, as_number, as_size
from driftwheel.formats.image_name import OnceNamed, image_name
from driftwheel.formats.label_files import LabelFiles, OutFile, stem_of
from driftwheel.formats.labelled_image import Answer, BoxLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.single_answer import the_answer
from driftwheel.formats.xml_stream import Element, escaped, whole_elements

__all__ = ["VocCorners", "read_voc", "write_voc"]

VocCorners = Literal["devkit", "edges"]

_KNOWN = {"name", "bndbox", "pose", "truncated", "difficult", "occluded", "attributes", "point"}
_SHAPES = {"part": Loss.OTHER_SHAPES, "polygon": Loss.SHAPES_AS_BOXES, "robndbox": None}


def read_voc(files: LabelFiles, *, losses: Losses, corners: VocCorners = "devkit") -> LabelSet:
    """Return the images of a folder of VOC files, in order of the files' names; it declares no classes.

    The name of an image is its ``filename``, in the sub-folder that the XML file has below ``Annotations``;
    the rest of its path, which is that of another machine, is not used. ``difficult`` is read as ``ignored``,
    ``pose`` as an attribute.

    Parameters
    ----------
    files
        Those that end in ``.xml`` are read.
    corners
        What the corners mean; see the top of this module.

    Raises
    ------
    LabelFormatError
        Names the file and the object: for damaged files, unknown parts, corners that are not finite or in the
        wrong order, images that come twice, and what `losses` does not allow.
    """
    names = [name for name in files.names() if name.lower().endswith(".xml")]

    def each() -> Iterator[LabelledImage]:
        once = OnceNamed()
        for name in names:
            where = f"{files.called}/{name}"
            (whole,) = whole_elements(io.BytesIO(files.read(name)), "annotation", ["annotation"], where)
            image = _image(whole, name, where, corners, losses)
            once.add(image.name, where)
            yield image

    return LabelSet((), each())


def write_voc(
    images: Iterable[LabelledImage], *, losses: Losses, corners: VocCorners = "devkit"
) -> Iterator[OutFile]:
    """Yield the XML files of images, under ``Annotations``, and their list in ``ImageSets/Main/default.txt``.

    Corners are whole numbers, as the format has them: a box between pixels is `Loss.ROUNDING`, and is then
    moved to the nearest edges of pixels, at least one pixel apart. Boxes are cut off at the border of the
    image.

    Raises
    ------
    LabelFormatError
        Names the image and the box that the format cannot say, unless `losses` allows it; for images that
        differ only in their ending.
    """
    by_stem: dict[str, str] = {}
    for image in images:
        answer = the_answer(image, losses)
        if answer is None:
            continue
        path = stem_of(image_name(image.name, "VOC"))
        if path in by_stem:
            raise LabelFormatError(
                f"'{by_stem[path]}' and '{image.name}' would both have {path}.xml. Rename one of them."
            )
        by_stem[path] = image.name
        no_classes(answer, f"'{image.name}'", losses)
        size = size_of(image)
        fits = (
            _fitting(box, size, f"'{image.name}', box {place}", losses)
            for place, box in enumerate(answer.boxes, start=1)
        )
        boxes = [box for box in fits if box is not None]
        yield OutFile(f"Annotations/{path}.xml", _document(image.name, size, boxes, corners).encode())
    listed = "".join(f"{path}\n" for path in by_stem)
    yield OutFile("ImageSets/Main/default.txt", listed.encode())


def _image(whole: Element, file: str, where: str, corners: VocCorners, losses: Losses) -> LabelledImage:
    given = whole.word("filename")
    if not given:
        raise LabelFormatError(f"{where}: it has no <filename>. Add the name of its image.")
    parts = file.split("/")[:-1]
    folder = "/".join(parts[parts.index("Annotations") + 1 :] if "Annotations" in parts else parts)
    name = image_name(given, where)
    if folder and not name.startswith(f"{folder}/"):
        name = f"{folder}/{name}"
    size = whole.first("size")
    width = height = None
    if size is not None and size.word("width") not in {None, "", "0"}:
        width, height = (as_size(size.word(side), where, f"the {side}") for side in ("width", "height"))
    objects = [child for child in whole.children if child.tag == "object"]
    read = (_object(one, f"{where}, object {n}", corners, losses) for n, one in enumerate(objects, start=1))
    return LabelledImage(name, width, height, (Answer(boxes=tuple(box for box in read if box is not None)),))


def _object(one: Element, where: str, corners: VocCorners, losses: Losses) -> BoxLabel | None:
    where = f"{where} (line {one.line})"
    label = as_class(one.word("name"), where)
    for child in one.children:
        if loss := _SHAPES.get(child.tag):
            losses.lose(loss, where, f"'{label}' has a <{child.tag}>")
        elif child.tag not in _KNOWN and (child.children or child.tag in _SHAPES):
            raise LabelFormatError(f"{where}: <{child.tag}> is no part of a VOC object. Take it out.")
    bounds = one.first("bndbox")
    if bounds is None:
        raise LabelFormatError(f"{where}: '{label}' has no <bndbox>. Give it one, or take the object out.")
    xmin, ymin, xmax, ymax = (
        as_number(bounds.word(side), where, side) for side in ("xmin", "ymin", "xmax", "ymax")
    )
    if corners == "devkit":
        if xmin < 1 or ymin < 1:
            raise LabelFormatError(
                f"{where}: '{label}' begins at {xmin:g}, {ymin:g}, but VOC counts corners from 1. If these "
                "are edges counted from 0, as many tools write them, say so: --voc-corners edges."
            )
        xmin, ymin = xmin - 1, ymin - 1
    pose = one.word("pose") or "Unspecified"
    known = [("pose", pose)] if pose.lower() not in {"unspecified", "unknown"} else []
    further = one.first("attributes")
    pairs = [] if further is None else further.children
    known += [(pair.word("name") or "", pair.word("value") or "") for pair in pairs]
    return as_box(
        label,
        (xmin, ymin, xmax - xmin, ymax - ymin),
        where,
        losses,
        occluded=_mark(one, "occluded", where),
        truncated=_mark(one, "truncated", where),
        ignored=_mark(one, "difficult", where),
        attributes=tuple(known),
    )


def _mark(one: Element, tag: str, where: str) -> bool:
    word = (one.word(tag) or "0").lower()
    if word not in {"0", "1", "true", "false"}:
        raise LabelFormatError(f"{where}: {tag} is '{word}'; it is 0 or 1.")
    return word in {"1", "true"}


def _fitting(box: BoxLabel, size: tuple[int, int], where: str, losses: Losses) -> BoxLabel | None:
    pose = all(name == "pose" for name, _ in box.attributes) and len(box.attributes) <= 1
    flags = ("occluded", "truncated", "ignored")
    fit = clipped(fitting_box(box, where, losses, flags=flags, attributes=pose), *size, where, losses)
    if fit is None:
        return None
    across = _whole(fit.x, fit.x + fit.width, size[0])
    down = _whole(fit.y, fit.y + fit.height, size[1])
    edges = (fit.x, fit.x + fit.width, fit.y, fit.y + fit.height)
    if max(abs(now - before) for now, before in zip((*across, *down), edges, strict=True)) > 0.01:
        losses.lose(Loss.ROUNDING, where, f"'{box.label}' has corners between pixels")
    x, y, width, height = across[0], down[0], across[1] - across[0], down[1] - down[0]
    return BoxLabel(
        fit.label, x, y, width, height,
        occluded=fit.occluded, truncated=fit.truncated, ignored=fit.ignored, attributes=fit.attributes,
    )  # fmt: skip


def _whole(low: float, high: float, side: int) -> tuple[int, int]:
    first, last = round(low), round(high)
    if first == last:  # at least one pixel, inside the image
        first = min(int(low), side - 1)
        last = first + 1
    return first, last


def _document(name: str, size: tuple[int, int], boxes: list[BoxLabel], corners: VocCorners) -> str:
    shift = 1 if corners == "devkit" else 0
    folder = name.rpartition("/")[0]
    lines = [
        "<annotation>",
        f"  <folder>{escaped(folder, name)}</folder>",
        f"  <filename>{escaped(name, name)}</filename>",
        "  <source><database>Unknown</database></source>",
        f"  <size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>",
        "  <segmented>0</segmented>",
    ]
    for box in boxes:
        pose = dict(box.attributes).get("pose", "Unspecified")
        left, upper = int(box.x) + shift, int(box.y) + shift
        right, lower = int(box.x + box.width), int(box.y + box.height)
        lines += [
            "  <object>",
            f"    <name>{escaped(box.label, name)}</name>",
            f"    <pose>{escaped(pose, name)}</pose>",
            f"    <truncated>{int(box.truncated)}</truncated>",
            f"    <difficult>{int(box.ignored)}</difficult>",
            f"    <occluded>{int(box.occluded)}</occluded>",
            "    <bndbox>",
            f"      <xmin>{left}</xmin><ymin>{upper}</ymin><xmax>{right}</xmax><ymax>{lower}</ymax>",
            "    </bndbox>",
            "  </object>",
        ]
    return "\n".join([*lines, "</annotation>", ""])
