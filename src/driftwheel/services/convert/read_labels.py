"""Read label files of any format, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Protocol

from driftwheel.errors import UsageError
from driftwheel.formats.class_folders import read_class_folders
from driftwheel.formats.coco import read_coco
from driftwheel.formats.cvat import read_cvat
from driftwheel.formats.json_stream import first_keys
from driftwheel.formats.label_csv import read_label_csv
from driftwheel.formats.label_files import ImageSize
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat, format_of_files, format_of_json
from driftwheel.formats.label_studio import read_label_studio
from driftwheel.formats.labelled_image import LabelledImage, LabelSet
from driftwheel.formats.losses import Losses
from driftwheel.formats.pascal_voc import read_voc
from driftwheel.formats.single_answer import AnswerChoice, choose_answer
from driftwheel.formats.yolo import read_yolo
from driftwheel.formats.yolo_data import yolo_text_files
from driftwheel.services.convert.label_files import LabelPlace, open_label_place
from driftwheel.services.convert.label_images import LabelImages
from driftwheel.services.convert.label_options import LabelOptions

__all__ = ["KnownImages", "prepared_labels", "read_labels"]

_SUFFIXES = {".csv": LabelFormat.CSV, ".xml": LabelFormat.CVAT}


class KnownImages(Protocol):
    """Images that are known by other means than their files."""

    def names_of(self, stems: Sequence[str]) -> Sequence[str]:
        """Return a name of an image for each path of one without its ending, in their order."""

    def size(self, name: str) -> ImageSize | None:
        """Return width and height as displayed."""


def read_labels(
    source: Path,
    options: LabelOptions,
    losses: Losses,
    stack: ExitStack,
    *,
    known_images: KnownImages | None = None,
) -> tuple[LabelFormat, LabelSet, LabelImages | None]:
    """Return the format, the labels, and the images as far as their place is known.

    Parameters
    ----------
    source
        A label file, or a folder or zip archive with one or many.
    stack
        Closes what is opened when the labels have been read.
    known_images
        Images that lie elsewhere, for formats that say coordinates as parts of their size.

    Raises
    ------
    UsageError
        For a format that cannot be told.
    LabelFormatError
        For a damaged file.
    """
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
        return form, _read_files(form, place, found, options, losses, known_images), found
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


def _read_files(  # noqa: PLR0917
    form: LabelFormat,
    place: LabelPlace,
    images: LabelImages | None,
    options: LabelOptions,
    losses: Losses,
    known: KnownImages | None,
) -> LabelSet:
    if form is LabelFormat.FOLDERS:
        return read_class_folders(place)
    if form is LabelFormat.VOC:
        return read_voc(place, losses=losses, corners=options.voc_corners)
    if images is None and known is not None:
        names = known.names_of(sorted(yolo_text_files(place.names())))
        return read_yolo(place, size_of=known.size, losses=losses, images=names)
    if images is None:
        raise UsageError(
            "YOLO coordinates are parts of an image's size. Say where the images are: --images FOLDER."
        )
    size_of = images.stored_size if options.coordinates == "stored" else images.size
    return read_yolo(place, size_of=size_of, losses=losses, images=images.names())


def prepared_labels(
    labelled: Iterator[LabelledImage],
    images: LabelImages | None,
    choice: AnswerChoice,
    options: LabelOptions,
    losses: Losses,
) -> Iterator[LabelledImage]:
    """Yield images upright, each held against its file where that is there, with the chosen answer."""
    stored = options.coordinates == "stored"
    if stored and images is None:
        raise UsageError(
            "--coordinates stored needs the images, which say how they are turned: --images FOLDER."
        )
    for one in labelled:
        upright = one if images is None else images.upright(one, losses, stored=stored)
        yield choose_answer(upright, choice, losses)
