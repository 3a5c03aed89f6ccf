"""Convert labels from one format to another, with all that is lost counted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from driftwheel.errors import UsageError
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat, format_of_target
from driftwheel.formats.labelled_image import LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses, Lost
from driftwheel.services.convert.label_images import LabelImages
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.convert.read_labels import prepared_labels, read_labels
from driftwheel.services.convert.write_formats import label_files, write_single
from driftwheel.services.convert.write_labels import check_target, whole_file, write_files
from driftwheel.services.progress import OnProgress

__all__ = ["Converted", "LabelOptions", "convert_labels"]

_PER_STEP = 256


@dataclass(frozen=True, slots=True)
class Converted:
    """What was converted.

    Attributes
    ----------
    from_format, to_format
        As found out.
    images, answers, classes, boxes
        How many were read, after the choice of answers.
    lost
        What was lost of them, or is worth telling.
    refused
        Kinds of loss that are not allowed: only a trial says them all, a conversion ends at the first.
    """

    from_format: LabelFormat
    to_format: LabelFormat
    images: int
    answers: int
    classes: int
    boxes: int
    lost: tuple[Lost, ...]
    refused: tuple[Loss, ...] = ()


def convert_labels(
    source: Path,
    target: Path,
    options: LabelOptions | None = None,
    *,
    trial: bool = False,
    on_progress: OnProgress | None = None,
) -> Converted:
    """Read labels in one format and write them in another; the target is there whole, or not at all.

    Parameters
    ----------
    source
        A label file, or a folder or zip archive with one or many.
    target
        A file, or a new or empty folder or ``.zip`` file for formats of many files.
    trial
        Write nothing, let every loss pass, and say which are not allowed.

    Raises
    ------
    UsageError
        For a format that cannot be told, or a target that cannot be written.
    LabelFormatError
        For a damaged file, or the first loss that is not allowed; names file and object.
    """
    options = options or LabelOptions()
    to_format = options.to_format or format_of_target(target.name)
    if to_format is None:
        raise UsageError(
            f"The format to write is not clear from '{target.name}'. "
            "Say it: --to-format coco, yolo, voc, folders, csv, cvat or label-studio."
        )
    if options.copy_images and to_format in SINGLE_FILES:
        raise UsageError(f"{to_format.value} is one file; images are copied for yolo, voc and folders only.")
    if not trial:
        check_target(target, is_folder=to_format not in SINGLE_FILES)
    losses = Losses(frozenset(Loss) if trial else options.allow)
    with ExitStack() as stack:
        from_format, labels, images = read_labels(source, options, losses, stack)
        count = _Count(on_progress)
        choice = options.answers or ("all" if to_format is LabelFormat.LABEL_STUDIO else "only")
        prepared = prepared_labels(labels.images, images, choice, options, losses)
        counted = LabelSet(labels.classes, count.of(prepared))
        output = _Output(to_format, None if trial else target, images)
        _write(counted, output, options, losses)
    refused = tuple(
        one.kind for one in losses.all if isinstance(one.kind, Loss) and one.kind not in options.allow
    )
    return Converted(
        from_format, to_format, count.images, count.answers, count.classes, count.boxes, losses.all, refused
    )


class _Output(NamedTuple):
    form: LabelFormat
    target: Path | None
    images: LabelImages | None


def _write(labels: LabelSet, output: _Output, options: LabelOptions, losses: Losses) -> None:
    if output.form not in SINGLE_FILES:
        write_files(label_files(labels, output.form, options, losses), output.target, output.images)
        return
    with _nowhere() if output.target is None else whole_file(output.target) as out:
        write_single(labels, output.form, out, options, losses)


@contextmanager
def _nowhere() -> Iterator[BinaryIO]:
    with Path(os.devnull).open("wb") as out:
        yield out


class _Count:
    """Counts what passes."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self.images = self.answers = self.classes = self.boxes = 0
        self._on_progress = on_progress

    def of(self, labelled: Iterator[LabelledImage]) -> Iterator[LabelledImage]:
        for image in labelled:
            self.images += 1
            self.answers += len(image.answers)
            self.classes += sum(len(answer.classes) for answer in image.answers)
            self.boxes += sum(len(answer.boxes) for answer in image.answers)
            if self._on_progress is not None and self.images % _PER_STEP == 0:
                self._on_progress("images", _PER_STEP, None)
            yield image
