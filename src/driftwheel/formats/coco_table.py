"""The annotations of a COCO file, which come in any order, kept small and put together by image."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import numpy as np

from driftwheel.errors import LabelFormatError
from driftwheel.formats.labelled_image import Answer, Attributes, BoxLabel, ClassLabel, LabelledImage

__all__ = ["CocoTable"]

_CROWD, _OCCLUDED, _TRUNCATED, _IGNORED, _WHOLE = 1, 2, 4, 8, 16


class CocoTable:
    """Columns of numbers, about 60 bytes an annotation; attributes and turned boxes cost more.

    Parameters
    ----------
    classes
        Name by number.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = classes
        self._names: list[str] = []
        self._sizes = array("i")
        self._rows: dict[int, int] = {}
        self._image, self._class, self._marks = array("i"), array("i"), array("B")
        self._edges = array("d")
        self._scores: dict[int, float] = {}
        self._turns: dict[int, float] = {}
        self._attributes: dict[int, Attributes] = {}

    def add_image(self, key: int, name: str, size: tuple[int, int] | None, where: str) -> None:
        """Add an image by its id in the file."""
        if key in self._rows:
            raise LabelFormatError(f"{where}: its id is there twice. Number the images anew.")
        self._rows[key] = len(self._names)
        self._names.append(name)
        self._sizes.extend(size or (0, 0))

    def image_of(self, key: int, where: str) -> int:
        """Return the number of the image with an id."""
        row = self._rows.get(key)
        if row is None:
            raise LabelFormatError(
                f"{where}: the image {key} is not among the images. Add it there, or take the annotation out."
            )
        return row

    def add(self, image: int, category: int, one: BoxLabel | ClassLabel) -> None:
        """Add an annotation."""
        row = len(self._image)
        self._image.append(image)
        self._class.append(category)
        if isinstance(one, ClassLabel):
            self._marks.append(_WHOLE)
            self._edges.extend((0.0, 0.0, 0.0, 0.0))
        else:
            self._marks.append(
                one.crowd * _CROWD
                + one.occluded * _OCCLUDED
                + one.truncated * _TRUNCATED
                + one.ignored * _IGNORED
            )
            self._edges.extend((one.x, one.y, one.width, one.height))
            if one.rotation:
                self._turns[row] = one.rotation
        if one.score is not None:
            self._scores[row] = one.score
        if one.attributes:
            self._attributes[row] = one.attributes

    def images(self) -> Iterator[LabelledImage]:
        """Yield every image in the order of the file, its annotations in theirs."""
        of = np.frombuffer(self._image, dtype=np.int32) if self._image else np.zeros(0, np.int32)
        order = np.argsort(of, kind="stable")
        ends = np.cumsum(np.bincount(of, minlength=len(self._names)))
        begin = 0
        for number, name in enumerate(self._names):
            end = int(ends[number])
            rows = order[begin:end].tolist()
            begin = end
            width, height = self._sizes[2 * number], self._sizes[2 * number + 1]
            yield LabelledImage(name, width or None, height or None, (self._answer(rows),))

    def _answer(self, rows: Sequence[int]) -> Answer:
        boxes: list[BoxLabel] = []
        classes: list[ClassLabel] = []
        for row in rows:
            label, marks = self._classes[self._class[row]], self._marks[row]
            score, attributes = self._scores.get(row), self._attributes.get(row, ())
            if marks & _WHOLE:
                classes.append(ClassLabel(label, score, attributes))
                continue
            x, y, width, height = self._edges[4 * row : 4 * row + 4]
            boxes.append(
                BoxLabel(
                    label,
                    x,
                    y,
                    width,
                    height,
                    self._turns.get(row, 0.0),
                    score,
                    bool(marks & _CROWD),
                    bool(marks & _OCCLUDED),
                    bool(marks & _TRUNCATED),
                    bool(marks & _IGNORED),
                    attributes,
                )
            )
        return Answer(tuple(classes), tuple(boxes))
