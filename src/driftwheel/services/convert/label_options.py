"""How labels are read and written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.formats.pascal_voc import VocCorners
from driftwheel.formats.single_answer import AnswerChoice

__all__ = ["LabelOptions"]


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
