"""Look up the images that labels are of: where they are, how large, and which way up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from driftwheel.errors import LabelFormatError, UnreadableImageError
from driftwheel.formats.label_files import ImageSize, is_image
from driftwheel.formats.labelled_image import LabelledImage
from driftwheel.formats.losses import Losses, Note
from driftwheel.formats.stored_coordinates import displayed_from_stored, displayed_size
from driftwheel.formats.yolo_data import below
from driftwheel.images.header import Header, read_header
from driftwheel.images.signature import format_of
from driftwheel.services.convert.label_files import LabelPlace

__all__ = ["ImageFacts", "LabelImages"]

_BEGINNING = 1 << 16
_MOST_BYTES = 512 << 20


class ImageFacts(NamedTuple):
    """Size as displayed, in pixels, and the EXIF orientation 1…8."""

    width: int
    height: int
    orientation: int


class LabelImages:
    """The images of a folder or archive, found by the names that label files use.

    A name is a path below the place, or that path without a folder ``images`` or ``JPEGImages`` in it.

    Parameters
    ----------
    place
        Where they lie.
    """

    def __init__(self, place: LabelPlace) -> None:
        self._place = place
        self._paths: dict[str, str] = {}
        paths = [name for name in place.names() if is_image(name)]
        for folder in ("JPEGImages", "images"):
            self._paths |= {below(path, folder): path for path in paths}
        self._paths |= {path: path for path in paths}
        self._names = sorted({below(path, "images") for path in paths})

    def names(self) -> Sequence[str]:
        """Return the names of all images, sorted."""
        return self._names

    def find(self, name: str) -> ImageFacts | None:
        """Return what the header of an image says; None where there is none of the name.

        Raises
        ------
        LabelFormatError
            When it cannot be read.
        """
        path = self._paths.get(name)
        if path is None:
            return None
        header = self._header(path)
        return ImageFacts(header.width, header.height, header.orientation)

    def _header(self, path: str) -> Header:
        beginning = self._place.begin(path, _BEGINNING)
        if (
            format_of(beginning) == "jpeg"
        ):  # says all of itself before its pixels; others may say it at their end
            with suppress(UnreadableImageError):
                return read_header(beginning)
        try:
            return read_header(self._place.read(path, _MOST_BYTES))
        except UnreadableImageError as error:
            raise LabelFormatError(f"The image {self._place.called}/{path} is {error.reason}.") from None

    def read(self, name: str) -> bytes:
        """Return the file of an image; `LabelFormatError` where there is none."""
        path = self._paths.get(name)
        if path is None:
            raise LabelFormatError(f"There is no image '{name}' in {self._place.called} to copy.")
        return self._place.read(path, _MOST_BYTES)

    def stored_size(self, name: str) -> ImageSize | None:
        """Return width and height as stored."""
        facts = self.find(name)
        return None if facts is None else displayed_size(*facts)

    def size(self, name: str) -> ImageSize | None:
        """Return width and height as displayed."""
        facts = self.find(name)
        return None if facts is None else (facts.width, facts.height)

    def upright(self, image: LabelledImage, losses: Losses, *, stored: bool) -> LabelledImage:
        """Return labels in coordinates of the displayed image, their size held against that of the file.

        Parameters
        ----------
        stored
            Whether the label file means the image as it is stored.

        Raises
        ------
        LabelFormatError
            When the sizes differ; says so where it is only that one is of the stored image.
        """
        facts = self.find(image.name)
        if facts is None:
            losses.note(Note.NO_IMAGE_FILE, image.name)
            return image
        displayed = facts.width, facts.height
        as_stored = displayed_size(*facts)
        expected = as_stored if stored else displayed
        given = image.width, image.height
        if given not in {(None, None), expected}:
            turned = given in {displayed, as_stored}
            hint = (
                f" Say --coordinates {'displayed' if stored else 'stored'}."
                if turned
                else " Is it another image?"
            )
            raise LabelFormatError(
                f"'{image.name}': the labels are of {given[0]} × {given[1]} pixels, the file "
                f"{'as stored' if stored else 'as displayed'} (EXIF orientation {facts.orientation}) has "
                f"{expected[0]} × {expected[1]}.{hint}"
            )
        known = LabelledImage(image.name, *expected, image.answers)
        return displayed_from_stored(known, facts.orientation) if stored else known
