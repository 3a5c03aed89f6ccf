"""Convert labels from one format to another, with all that is lost counted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from driftwheel.errors import UsageError
from driftwheel.formats.class_folders import read_class_folders, write_class_folders
from driftwheel.formats.coco import read_coco, write_coco
from driftwheel.formats.cvat import read_cvat, write_cvat
from driftwheel.formats.json_stream import first_keys
from driftwheel.formats.label_csv import read_label_csv, write_label_csv
from driftwheel.formats.label_files import OutFile
from driftwheel.formats.label_format import (
    SINGLE_FILES,
    LabelFormat,
    format_of_files,
    format_of_json,
    format_of_target,
)
from driftwheel.formats.label_studio import LOCAL_FILES, read_label_studio, write_label_studio
from driftwheel.formats.labelled_image import LabelledImage, LabelSet
from driftwheel.formats.losses import Loss, Losses, Lost
from driftwheel.formats.pascal_voc import VocCorners, read_voc, write_voc
from driftwheel.formats.single_answer import AnswerChoice, choose_answer
from driftwheel.formats.yolo import read_yolo, write_yolo
from driftwheel.services.convert.label_files import LabelPlace, open_label_place
from driftwheel.services.convert.label_images import LabelImages
from driftwheel.services.convert.write_labels import check_target, whole_file, write_files
from driftwheel.services.progress import OnProgress

__all__ = ["Converted", "LabelOptions", "convert_labels"]

_IMAGE_FOLDERS = {LabelFormat.YOLO: "images", LabelFormat.VOC: "JPEGImages"}
_SUFFIXES = {".csv": LabelFormat.CSV, ".xml": LabelFormat.CVAT}
_PER_STEP = 256


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """How to read and write; each has its option on the command line.

    Attributes
    ----------
    from_format, to_format
        None: found out from the files, and from the ending of the target.
    images
        Folder or zip archive of the images: for sizes, EXIF orientations, and copies.
    copy_images
        Also put the images beside the labels, for formats that are folders.
    allow
        What may be lost.
    answers
        Which answer counts; None: ``all`` for Label Studio, which holds several, else ``only``.
    coordinates
        What the source means: the image as ``displayed``, or as ``stored`` before its EXIF orientation.
    voc_corners
        What corners mean in VOC files, read or written.
    image_url
        What stands before an image's name in Label Studio files.
    """

    from_format: LabelFormat | None = None
    to_format: LabelFormat | None = None
    images: Path | None = None
    copy_images: bool = False
    allow: frozenset[Loss] = frozenset()
    answers: AnswerChoice | None = None
    coordinates: Literal["displayed", "stored"] = "displayed"
    voc_corners: VocCorners = "devkit"
    image_url: str | None = None


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
        from_format, labels, images = _read(source, options, losses, stack)
        count = _Count(on_progress)
        choice = options.answers or ("all" if to_format is LabelFormat.LABEL_STUDIO else "only")
        prepared = _prepared(labels.images, images, choice, options, losses)
        counted = LabelSet(labels.classes, count.of(prepared))
        output = _Output(to_format, None if trial else target, images)
        _write(counted, output, options, losses)
    refused = tuple(
        one.kind for one in losses.all if isinstance(one.kind, Loss) and one.kind not in options.allow
    )
    return Converted(
        from_format, to_format, count.images, count.answers, count.classes, count.boxes, losses.all, refused
    )


def _read(
    source: Path, options: LabelOptions, losses: Losses, stack: ExitStack
) -> tuple[LabelFormat, LabelSet, LabelImages | None]:
    """Return the format, the labels, and the images as far as their place is known."""
    single = source.is_file() and source.suffix.lower() != ".zip"
    place = stack.enter_context(open_label_place(source))
    images = place if not single and options.images is None else None
    if options.images is not None:
        images = stack.enter_context(open_label_place(options.images))
    found = None if images is None else LabelImages(images)
    found = found if found is None or found.names() else None
    if single:
        form, file = (
            options.from_format or _SUFFIXES.get(source.suffix.lower(), LabelFormat.COCO),
            source.name,
        )
    elif options.from_format in {LabelFormat.YOLO, LabelFormat.VOC, LabelFormat.FOLDERS}:
        form, file = options.from_format, None
    else:
        form, one = format_of_files(place.names(), lambda name: place.begin(name, 4096), place.called)
        form, file = options.from_format or form, one
    if form not in SINGLE_FILES:
        if single:
            raise UsageError(f"{form.value} is a folder of files; '{source}' is one file. Give the folder.")
        return form, _read_files(form, place, found, options, losses), found
    if file is None:
        raise UsageError(f"'{source}' has no file of the format {form.value}. Name the file itself.")
    called = str(source) if single else f"{place.called}/{file}"
    stream = stack.enter_context(place.stream(file))
    if options.from_format is None and form is LabelFormat.COCO:
        form = format_of_json(*first_keys(stream, called), called)
    return form, _read_stream(form, stream, called, options, losses), found


def _read_stream(
    form: LabelFormat, stream: BinaryIO, called: str, options: LabelOptions, losses: Losses
) -> LabelSet:
    match form:
        case LabelFormat.COCO:
            return read_coco(stream, called=called, losses=losses)
        case LabelFormat.CVAT:
            return read_cvat(stream, called=called, losses=losses)
        case LabelFormat.CSV:
            return read_label_csv(stream, called=called)
        case _:
            url = options.image_url or ""
            return read_label_studio(stream, called=called, losses=losses, image_url=url)


def _read_files(
    form: LabelFormat, place: LabelPlace, images: LabelImages | None, options: LabelOptions, losses: Losses
) -> LabelSet:
    if form is LabelFormat.FOLDERS:
        return read_class_folders(place)
    if form is LabelFormat.VOC:
        return read_voc(place, losses=losses, corners=options.voc_corners)
    if images is None:
        raise UsageError(
            "YOLO coordinates are parts of an image's size. Say where the images are: --images FOLDER."
        )
    size_of = images.stored_size if options.coordinates == "stored" else images.size
    return read_yolo(place, size_of=size_of, losses=losses, images=images.names())


def _prepared(
    labelled: Iterator[LabelledImage],
    images: LabelImages | None,
    choice: AnswerChoice,
    options: LabelOptions,
    losses: Losses,
) -> Iterator[LabelledImage]:
    stored = options.coordinates == "stored"
    if stored and images is None:
        raise UsageError(
            "--coordinates stored needs the images, which say how they are turned: --images FOLDER."
        )
    for one in labelled:
        upright = one if images is None else images.upright(one, losses, stored=stored)
        yield choose_answer(upright, choice, losses)


class _Output(NamedTuple):
    form: LabelFormat
    target: Path | None
    images: LabelImages | None


def _write(labels: LabelSet, output: _Output, options: LabelOptions, losses: Losses) -> None:
    if output.form not in SINGLE_FILES:
        write_files(_files(labels, output.form, options, losses), output.target, output.images)
        return
    opened = _nowhere() if output.target is None else whole_file(output.target)
    with opened as out, tempfile.TemporaryFile() as scratch:
        match output.form:
            case LabelFormat.COCO:
                write_coco(labels.images, out, scratch, classes=labels.classes, losses=losses)
            case LabelFormat.CVAT:
                write_cvat(labels.images, out, scratch, classes=labels.classes, losses=losses)
            case LabelFormat.CSV:
                write_label_csv(labels.images, out, losses=losses)
            case _:
                url = LOCAL_FILES if options.image_url is None else options.image_url
                write_label_studio(labels.images, out, losses=losses, image_url=url)


def _files(labels: LabelSet, form: LabelFormat, options: LabelOptions, losses: Losses) -> Iterator[OutFile]:
    if form is LabelFormat.FOLDERS:
        yield from write_class_folders(labels.images, losses=losses)
        return
    names: list[str] = []

    def seen() -> Iterator[LabelledImage]:
        for image in labels.images:
            if options.copy_images:
                names.append(image.name)
            yield image

    if form is LabelFormat.YOLO:
        yield from write_yolo(seen(), classes=labels.classes, losses=losses)
    else:
        yield from write_voc(seen(), losses=losses, corners=options.voc_corners)
    for name in names:
        yield OutFile(f"{_IMAGE_FOLDERS[form]}/{name}", image=name)


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
