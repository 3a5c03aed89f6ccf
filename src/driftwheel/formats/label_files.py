"""A folder or archive of label files, as the pure readers see it: names, and bytes by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from posixpath import splitext
from typing import NamedTuple, Protocol

from driftwheel.errors import LabelFormatError

__all__ = ["ImageSize", "LabelFiles", "OutFile", "SizeOf", "is_image", "stem_of", "text_of"]

ImageSize = tuple[int, int]
"""Width and height in pixels."""

SizeOf = Callable[[str], ImageSize | None]
"""Name of an image → its size; None where there is no such image."""

_IMAGES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
)


class LabelFiles(Protocol):
    """Files below one place."""

    @property
    def called(self) -> str:
        """What errors call the place."""

    def names(self) -> Sequence[str]:
        """Return the paths of all files, with ``/``, sorted."""

    def read(self, name: str) -> bytes:
        """Return what is in one; `LabelFormatError` when it is too large for a label file."""


class OutFile(NamedTuple):
    """One file to write: its path below the place, and either what is in it or the image to copy there."""

    path: str
    content: bytes = b""
    image: str | None = None


def is_image(name: str) -> bool:
    """Whether a name is that of an image, by its ending."""
    return splitext(name)[1].lower() in _IMAGES


def stem_of(name: str) -> str:
    """Return a path without the ending of its last part.

    Examples
    --------
    >>> stem_of("day 1/a.b.jpg")
    'day 1/a.b'
    """
    return splitext(name)[0]


def text_of(files: LabelFiles, name: str) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line without blanks around it) of the lines of a file with text in them."""
    try:
        text = files.read(name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LabelFormatError(f"{files.called}/{name} is no UTF-8 text. Save it as UTF-8.") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if stripped := line.strip():
            yield number, stripped
