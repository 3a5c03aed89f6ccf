"""What every export of labels with images needs: names, endings and sizes of kept files, and the archive."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from driftwheel.errors import LabelFormatError, UnreadableImageError, UsageError
from driftwheel.formats.label_files import OutFile
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat
from driftwheel.images.header import read_header
from driftwheel.images.signature import format_of
from driftwheel.services.convert.write_formats import IMAGE_FOLDERS
from driftwheel.store.files.blobs import Blobs

__all__ = ["check_images_fit", "kept_ending", "kept_file", "kept_size", "plain_file_name", "write_archive"]

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same labels make the same archive
_ENDINGS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "bmp": ".bmp", "tiff": ".tif", "gif": ".gif"}


def check_images_fit(form: LabelFormat) -> None:
    """Raise `UsageError` when a format has no place for images beside the labels."""
    if form in SINGLE_FILES:
        raise UsageError(f"{form.value} is one file; images are put beside yolo, voc and folders only.")


def plain_file_name(name: str, otherwise: str) -> str:
    """Return a name of ASCII letters, digits, dashes and underscores; `otherwise` where nothing is left.

    Examples
    --------
    >>> plain_file_name("Weaving line 2", "labels"), plain_file_name("猫", "labels")
    ('Weaving-line-2', 'labels')
    """
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "-" for one in name)
    return plain.strip("-") or otherwise


def kept_ending(blobs: Blobs, image: bytes) -> str:
    """Return the ending that says what a kept image file is; ``.jpg`` where it is gone or not known."""
    try:
        with blobs.open_file(image) as file:
            return _ENDINGS.get(format_of(file.read(32)) or "", ".jpg")
    except FileNotFoundError:
        return ".jpg"


def kept_file(blobs: Blobs, image: bytes, name: str) -> bytes:
    """Return a kept image to put beside its labels; raise `LabelFormatError` naming it where it is gone."""
    try:
        return blobs.get(image)
    except FileNotFoundError:
        raise LabelFormatError(
            f"The image of '{name}' is no longer kept. Restore it from a backup, or export without images or "
            "one of the formats that are one file."
        ) from None


def kept_size(blobs: Blobs, image: bytes) -> tuple[int | None, int | None]:
    """Return the width and height of a kept image as displayed, px; None where it cannot be read."""
    try:
        header = read_header(blobs.get(image))
    except (FileNotFoundError, UnreadableImageError):
        return None, None
    return header.width, header.height


def write_archive(
    files: Iterator[OutFile],
    digests: dict[str, bytes],
    read: Callable[[str], bytes],
    form: LabelFormat,
    out: BinaryIO,
    *,
    with_images: bool,
) -> None:
    """Write label files, and the images that come with them, as one zip archive.

    Parameters
    ----------
    digests
        The images, by name, that the file at hand brought along; emptied after each file.
    read
        Returns the image of such a name.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            if file.image is None:
                archive.writestr(zipfile.ZipInfo(file.path, _LONG_AGO), file.content, zipfile.ZIP_DEFLATED)
            else:
                _pack(archive, file.path, read(file.image))
            if with_images and form in IMAGE_FOLDERS:
                for name in digests:
                    _pack(archive, f"{IMAGE_FOLDERS[form]}/{name}", read(name))
            digests.clear()


def _pack(archive: zipfile.ZipFile, path: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(path, _LONG_AGO), content, zipfile.ZIP_STORED)
