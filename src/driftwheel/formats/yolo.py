"""YOLO: one text file an image, one line a box: ``class cx cy w h``, parts of the image's width and height.

Classes are numbers from 0 in the order of ``names`` in ``data.yaml``. An empty file says that there is
nothing in the image. Source: the Ultralytics documentation, "Object Detection Datasets Overview".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from driftwheel.errors import LabelFormatError
from driftwheel.formats.box_fitness import clipped, fitting_box, no_classes, size_of
from driftwheel.formats.checked_labels import as_box, as_number, as_score
from driftwheel.formats.image_name import image_name
from driftwheel.formats.label_files import LabelFiles, OutFile, SizeOf, stem_of, text_of
from driftwheel.formats.labelled_image import Answer, BoxLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.single_answer import the_answer
from driftwheel.formats.turned_box import edges_around
from driftwheel.formats.yolo_data import YoloData, find_yolo_files, read_yolo_data, write_yolo_data

__all__ = ["read_yolo", "write_yolo"]

_ROUNDING = 1e-4  # of a side: beyond 0 or 1 by more is no rounding
_DIGITS = 10


def read_yolo(
    files: LabelFiles, *, size_of: SizeOf, losses: Losses, images: Sequence[str] | None = None
) -> LabelSet:
    """Return the classes and images of a YOLO data set.

    Names of images are paths below its folder ``images``, or below the data set where there is none. An image
    without a text file has no answer; one with an empty file has an answer with nothing in it. A sixth
    number in a line is a score; where all lines of a file have one, its answer is a model's. Lines of more
    numbers are polygons. Boxes are clipped to [0, 1]; what that cuts off over 0.01 pixel is counted.

    Parameters
    ----------
    files
        The data set: ``data.yaml`` (or ``obj.names``, ``classes.txt``), text files, and its images, if they
        lie there.
    size_of
        Pixels of an image by its name: coordinates are parts of it.
    images
        The names of the images, where they lie elsewhere.

    Raises
    ------
    LabelFormatError
        Names file and line: for unknown classes, numbers outside [0, 1], text files without an image, images
        that differ only in their ending, images of unknown size.
    """
    found = find_yolo_files(files, images)
    data = read_yolo_data(files)

    def each() -> Iterator[LabelledImage]:
        for name, labels in found:
            size = size_of(name)
            if size is None and labels is not None:
                raise LabelFormatError(
                    f"{files.called}: the size of '{name}' is not known, of which the coordinates in "
                    f"{labels} are parts. Say where the images are: --images FOLDER."
                )
            answers = () if labels is None or size is None else (_read(files, labels, data, size, losses),)
            width, height = size or (None, None)
            yield LabelledImage(name, width, height, answers)

    return LabelSet(data.classes, each())


def write_yolo(
    images: Iterable[LabelledImage], *, classes: Sequence[str], losses: Losses
) -> Iterator[OutFile]:
    """Yield the text files of a YOLO data set, then its ``data.yaml``.

    Coordinates have ten decimals. Classes are numbered in the order given, then as they come. An image with
    nothing in it has an empty file. Boxes are clipped to [0, 1], counted where that cuts off over 0.01 pixel.

    Parameters
    ----------
    images
        Read once; of each, the one answer.

    Raises
    ------
    LabelFormatError
        Names the image and the box that the format cannot say, unless `losses` allows it; for images that
        differ only in their ending.
    """
    numbers = {label: number for number, label in enumerate(dict.fromkeys(classes))}
    by_stem: dict[str, str] = {}
    tops: set[str] = set()
    for image in images:
        answer = the_answer(image, losses)
        if answer is None:
            continue
        path = stem_of(image_name(image.name, "YOLO"))
        if path in by_stem:
            both = f"'{by_stem[path]}' and '{image.name}'"
            raise LabelFormatError(f"{both} would have the same text file, {path}.txt. Rename one of them.")
        by_stem[path] = image.name
        width, height = size_of(image)
        no_classes(answer, f"'{image.name}'", losses)
        scores = all(box.score is not None for box in answer.boxes) and answer.source == "model"
        lines = []
        for place, box in enumerate(answer.boxes, start=1):
            where = f"'{image.name}', box {place}"
            fit = clipped(fitting_box(box, where, losses, score=scores), width, height, where, losses)
            if fit is not None:
                number = numbers.setdefault(fit.label, len(numbers))
                lines.append(_line(fit, number, width, height))
        yield OutFile(f"labels/{path}.txt", "".join(lines).encode())
        tops.add(image.name.partition("/")[0] if "/" in image.name else "")
    yield OutFile("data.yaml", write_yolo_data(tuple(numbers), tops))


def _line(box: BoxLabel, number: int, width: int, height: int) -> str:
    values = (
        (box.x + box.width / 2) / width,
        (box.y + box.height / 2) / height,
        box.width / width,
        box.height / height,
    )
    shown = " ".join(f"{min(max(value, 0.0), 1.0):.{_DIGITS}f}" for value in values)
    return f"{number} {shown}\n" if box.score is None else f"{number} {shown} {box.score:.{_DIGITS}g}\n"


def _read(files: LabelFiles, labels: str, data: YoloData, size: tuple[int, int], losses: Losses) -> Answer:
    boxes: list[BoxLabel] = []
    with_score = lines = 0
    for number, line in text_of(files, labels):
        where = f"{files.called}/{labels}, line {number}"
        words = line.split()
        if len(words) < 5:
            raise LabelFormatError(f"{where}: '{line[:60]}' is not 'class cx cy w h', five numbers or six.")
        label = data.class_of(words[0], where)
        lines += 1
        score = as_score(words[5], where) if len(words) == 6 else None
        with_score += score is not None
        edges = _edges(words[1:5] if len(words) <= 6 else words[1:], label, where, losses)
        x, y, width, height = (part * side for part, side in zip(edges, size * 2, strict=True))
        box = as_box(label, (x, y, width, height), where, losses, score=score)
        if box is not None and (inside := clipped(box, *size, where, losses)) is not None:
            boxes.append(inside)
    if with_score not in {0, lines}:
        raise LabelFormatError(
            f"{files.called}/{labels}: some lines have a score and some have none. Which is it?"
        )
    return Answer(boxes=tuple(boxes), source="model" if with_score else "human")


def _edges(words: Sequence[str], label: str, where: str, losses: Losses) -> tuple[float, float, float, float]:
    """Return left, upper, width and height as parts of the image's sides."""
    numbers = [as_number(word, where, f"'{word[:30]}'") for word in words]
    if outside := [number for number in numbers if not -_ROUNDING <= number <= 1 + _ROUNDING]:
        raise LabelFormatError(
            f"{where}: {outside[0]:g} is not between 0 and 1. Coordinates are parts of the image's width and "
            "height here, not pixels."
        )
    if len(numbers) == 4:
        cx, cy, width, height = numbers
        return cx - width / 2, cy - height / 2, width, height
    if len(numbers) < 6 or len(numbers) % 2:
        raise LabelFormatError(f"{where}: {len(numbers) + 1} numbers are no box and no polygon.")
    losses.lose(Loss.SHAPES_AS_BOXES, where, f"'{label}' is a polygon of {len(numbers) // 2} points")
    return edges_around(zip(numbers[::2], numbers[1::2], strict=True))
