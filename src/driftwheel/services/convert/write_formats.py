"""Write labels in any format: one file, or many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from driftwheel.formats.class_folders import write_class_folders
from driftwheel.formats.coco import write_coco
from driftwheel.formats.cvat import write_cvat
from driftwheel.formats.label_csv import write_label_csv
from driftwheel.formats.label_files import OutFile
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.label_studio import LOCAL_FILES, write_label_studio
from driftwheel.formats.labelled_image import LabelledImage, LabelSet
from driftwheel.formats.losses import Losses
from driftwheel.formats.pascal_voc import write_voc
from driftwheel.formats.yolo import write_yolo
from driftwheel.services.convert.label_options import LabelOptions

__all__ = ["IMAGE_FOLDERS", "label_files", "write_single"]

IMAGE_FOLDERS = {LabelFormat.YOLO: "images", LabelFormat.VOC: "JPEGImages"}
"""Format → the folder in which its images lie."""


def write_single(
    labels: LabelSet, form: LabelFormat, out: BinaryIO, options: LabelOptions, losses: Losses
) -> None:
    """Write labels in a format that is one file, image by image.

    Raises
    ------
    LabelFormatError
        For the first loss that is not allowed; names the object.
    """
    with tempfile.TemporaryFile() as scratch:
        match form:
            case LabelFormat.COCO:
                write_coco(labels.images, out, scratch, classes=labels.classes, losses=losses)
            case LabelFormat.CVAT:
                write_cvat(labels.images, out, scratch, classes=labels.classes, losses=losses)
            case LabelFormat.CSV:
                write_label_csv(labels.images, out, losses=losses)
            case _:
                url = LOCAL_FILES if options.image_url is None else options.image_url
                write_label_studio(labels.images, out, losses=losses, image_url=url)


def label_files(
    labels: LabelSet, form: LabelFormat, options: LabelOptions, losses: Losses
) -> Iterator[OutFile]:
    """Yield the files of labels in a format of many files; with `copy_images`, the images too, at the end.

    Raises
    ------
    LabelFormatError
        For the first loss that is not allowed; names the object.
    """
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
        yield OutFile(f"{IMAGE_FOLDERS[form]}/{name}", image=name)
