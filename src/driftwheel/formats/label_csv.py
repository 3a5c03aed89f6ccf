"""CSV: one class of one image a line, ``image,label``; an image with several classes has several lines."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from driftwheel.errors import LabelFormatError, did_you_mean
from driftwheel.formats.box_fitness import fitting_class, no_boxes
from driftwheel.formats.checked_labels import as_class, as_score
from driftwheel.formats.image_name import image_name
from driftwheel.formats.labelled_image import Answer, ClassLabel, LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses
from driftwheel.formats.single_answer import the_answer

__all__ = ["read_label_csv", "write_label_csv"]

_COLUMNS = frozenset({"image", "label", "score"})
_LONGEST_LINE = 1 << 20


def read_label_csv(stream: BinaryIO, *, called: str) -> LabelSet:
    """Return the images of a CSV file, in order of their first line; it declares no classes.

    The header names the columns ``image`` and ``label``, and may name ``score``; more are refused, so that
    none is lost. The delimiter is a comma, or a semicolon or tab where the header has it. All names are kept
    in memory, about 400 bytes an image.

    Raises
    ------
    LabelFormatError
        Names the line: for missing or unknown columns, empty cells, a line that repeats another.
    """
    lines = _Lines(stream, called)
    header = next(lines, "")
    delimiter = max(",;\t", key=header.count)
    columns = _columns(header, delimiter, called)
    found: dict[str, dict[str, ClassLabel]] = {}
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if not cells:
                continue
            where = f"{called}, line {reader.line_num + 1}"
            if len(cells) != len(columns):
                raise LabelFormatError(
                    f"{where}: {len(cells)} cells; the header names {len(columns)}. Put quotes around a name "
                    f"that has a '{delimiter}' in it."
                )
            row = dict(zip(columns, cells, strict=True))
            name, label = image_name(row["image"].strip(), where), as_class(row["label"].strip(), where)
            of_image = found.setdefault(name, {})
            if label in of_image:
                raise LabelFormatError(f"{where}: '{name}' is '{label}' a second time. Take the line out.")
            of_image[label] = ClassLabel(label, as_score(row.get("score", "").strip() or None, where))
    except csv.Error as error:
        raise LabelFormatError(f"{called}, line {reader.line_num + 1}: no CSV: {error}.") from None

    def each() -> Iterator[LabelledImage]:
        for name, labels in found.items():
            scored = all(one.score is not None for one in labels.values())
            yield LabelledImage(
                name, answers=(Answer(tuple(labels.values()), source="model" if scored else "human"),)
            )

    return LabelSet((), each())


def write_label_csv(images: Iterable[LabelledImage], out: BinaryIO, *, losses: Losses) -> None:
    """Write ``image,label`` and a line for each class of each image, as UTF-8, by the rules of RFC 4180.

    Raises
    ------
    LabelFormatError
        Names the image with boxes, scores or nothing in it, unless `losses` allows it.
    """
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(("image", "label"))
        seen: set[str] = set()
        for image in images:
            where = f"'{image.name}'"
            answer = the_answer(image, losses)
            if answer is None:
                continue
            if image.name in seen:
                raise LabelFormatError(
                    f"The image {where} is there twice. Join the two, or rename one of them."
                )
            seen.add(image.name)
            no_boxes(answer, where, losses)
            if not answer.classes:
                losses.lose(Loss.NOTHING, where, "it has no class, and there is no line for that")
            for one in answer.classes:
                writer.writerow((image.name, fitting_class(one, where, losses).label))
    finally:
        text.detach()


def _columns(header: str, delimiter: str, called: str) -> list[str]:
    try:
        columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except csv.Error as error:
        raise LabelFormatError(f"{called}, line 1: no CSV: {error}.") from None
    for wanted in ("image", "label"):
        if wanted not in columns:
            raise LabelFormatError(
                f"{called}: the first line should name the columns image,label, not '{header.strip()[:80]}'."
                f"{did_you_mean(wanted, columns)}"
            )
    odd = [name for place, name in enumerate(columns) if name not in _COLUMNS or name in columns[:place]]
    if odd:
        raise LabelFormatError(f"{called}: the column '{odd[0]}' is unknown, or there twice. Take it out.")
    return columns


class _Lines:
    """The lines of a stream as text, none longer than a megabyte."""

    def __init__(self, stream: BinaryIO, called: str) -> None:
        stream.seek(0)
        self._stream, self._called, self._number = stream, called, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) == _LONGEST_LINE:
            raise LabelFormatError(f"{self._called}, line {self._number}: longer than a megabyte.")
        try:
            return (line.removeprefix(codecs.BOM_UTF8) if self._number == 1 else line).decode()
        except UnicodeDecodeError:
            raise LabelFormatError(
                f"{self._called}, line {self._number} is no UTF-8 text. Save the file as UTF-8."
            ) from None
