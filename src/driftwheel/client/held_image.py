"""Images as a caller has them: held still at once, made into a file later, in the background."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.client.to_numpy import to_numpy
from driftwheel.errors import UnreadableImageError, UsageError
from driftwheel.images.decode import decode
from driftwheel.images.encode import encode
from driftwheel.images.header import Header, read_header

__all__ = ["EncodedImage", "HeldImage", "encode_image", "hold_image"]


@dataclass(frozen=True, slots=True, eq=False)
class HeldImage:
    """An image that no later change by the caller can reach.

    Attributes
    ----------
    content
        The encoded file; or its path; or an array or Pillow image of the holder's own.
    size
        Bytes it takes in memory, at least about.
    """

    content: Any
    size: int


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image file, and its oriented size in pixels as far as its header tells."""

    data: bytes
    width: int | None
    height: int | None


def hold_image(image: object, *, copy: bool = True) -> HeldImage:
    """Return an image held still; costs no more than a copy of its pixels in memory.

    Parameters
    ----------
    image
        Bytes of an encoded file. A path, read later: the file must stay. An array, (h, w) grey, (h, w, 3)
        **RGB** or (h, w, 4) RGBA, of bool, uint8, uint16 or float in [0, 1]; or a tensor of that shape, which
        is fetched from its device. A Pillow image: its pixels as they are, EXIF orientation not applied.
    copy
        False where the caller will change neither array nor Pillow image any more: nothing is copied then.

    Raises
    ------
    UsageError
        For anything else.
    """
    if isinstance(image, bytes):
        return HeldImage(image, len(image))
    if isinstance(image, bytearray | memoryview):
        return HeldImage(bytes(image), len(image))
    if isinstance(image, str | os.PathLike):
        return HeldImage(Path(os.fspath(image)), 256)
    if _is_pillow(image):
        pillow: Any = image
        held = pillow.copy() if copy else pillow
        width, height = held.size
        return HeldImage(held, width * height * 4)
    array = to_numpy(image)
    if array is None:
        raise UsageError(
            f"An image cannot be a {type(image).__name__}: give an array of (height, width, 3) in RGB, "
            "a Pillow image, a path, or the bytes of a file."
        )
    return HeldImage(array.copy() if copy else array, array.nbytes)


def encode_image(held: HeldImage, jpeg_quality: int | None) -> EncodedImage:
    """Return a held image as a file; one that was a file already is unchanged.

    Parameters
    ----------
    held
        The image.
    jpeg_quality
        1…100 for pixels that become a JPEG file; None for PNG, without loss.

    Raises
    ------
    UnreadableImageError
        For an array that is no image, or a path that cannot be read. A file is not looked at: it is the
        server that says what is wrong with it.
    """
    content = held.content
    if isinstance(content, Path):
        try:
            content = content.read_bytes()
        except OSError as error:
            raise UnreadableImageError(f"cannot be read: {error.strerror}") from None
    if isinstance(content, bytes):
        try:
            header = read_header(content)
        except UnreadableImageError:
            return EncodedImage(content, None, None)
        return EncodedImage(content, header.width, header.height)
    array = content if isinstance(content, np.ndarray) else _pillow_pixels(content)
    decoded = decode(array)
    height, width = decoded.pixels.shape[:2]
    kind, quality = ("png", np.nan) if jpeg_quality is None else ("jpeg", float(jpeg_quality))
    like = Header(kind, width, height, 1 if array.ndim == 2 else 3, 8, 1, 0, quality)
    return EncodedImage(encode(decoded.pixels, like), width, height)


def _is_pillow(image: object) -> bool:
    return all(hasattr(image, name) for name in ("mode", "size", "convert", "getbands"))


def _pillow_pixels(image: Any) -> NDArray[Any]:
    if image.mode in ("L", "RGB", "RGBA", "I;16"):
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    transparent = image.mode in ("LA", "PA") or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))
