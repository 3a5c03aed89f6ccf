"""Names of images in label files: a path below the folder of the images, and nothing else."""

from __future__ import annotations

import re

from driftwheel.errors import LabelFormatError

__all__ = ["OnceNamed", "image_name", "percent_decoded", "percent_encoded"]

_MOST = 1024
_ENCODED = re.compile(rb"%([0-9a-fA-F]{2})")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def image_name(given: object, where: str) -> str:
    r"""Return a name as it is used here: with ``/``, without ``./`` and doubled strokes.

    Spaces and letters of every script stay as they are, byte for byte. A ``\`` is a ``/``: files made on
    Windows have it.

    Raises
    ------
    LabelFormatError
        For what is no name, or leads out of the folder of the images.

    Examples
    --------
    >>> image_name(".\\day 1\\é.jpg", "labels.json")
    'day 1/é.jpg'
    >>> image_name("../../etc/passwd", "labels.json, image 3")
    Traceback (most recent call last):
    driftwheel.errors.LabelFormatError: labels.json, image 3: the name '../../etc/passwd' leads out of ...
    """
    if not isinstance(given, str):
        raise LabelFormatError(f"{where}: the name of an image is text, not {type(given).__name__}.")
    if any(ord(letter) < 32 or ord(letter) == 127 or 0xD800 <= ord(letter) < 0xE000 for letter in given):
        raise LabelFormatError(
            f"{where}: the name {given!r} has a character that no file name here has. Rename the image."
        )
    parts = [part for part in given.replace("\\", "/").split("/") if part not in {"", "."}]
    if given[:1] in {"/", "\\"} or re.match(r"[A-Za-z]:", given) or ".." in parts:
        raise LabelFormatError(
            f"{where}: the name '{given}' leads out of the folder of the images. "
            "Name images by their path below that folder, such as 'day 1/a.jpg'."
        )
    if not parts or given[-1] in {"/", "\\"}:
        raise LabelFormatError(f"{where}: the name '{given}' names no file. Give the path of an image.")
    if len(given) > _MOST:
        raise LabelFormatError(f"{where}: a name of {len(given)} characters; at most {_MOST} are read.")
    return "/".join(parts)


class OnceNamed:
    """Remembers the names of a file, so that no image comes twice."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def add(self, name: str, where: str) -> str:
        """Return `name`; `LabelFormatError` where it was there before."""
        if name in self._seen:
            raise LabelFormatError(
                f"{where}: the image '{name}' is there twice. Join the two, or rename one of them."
            )
        self._seen.add(name)
        return name


def percent_decoded(text: str) -> str:
    """Return the text of a URL's path with ``%20`` and its like as the characters they stand for.

    Examples
    --------
    >>> percent_decoded("a%20b/%C3%A9.jpg")
    'a b/é.jpg'
    """
    plain = _ENCODED.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogatepass"))
    return plain.decode("utf-8", "replace")


def percent_encoded(text: str) -> str:
    """Return text as the path of a URL.

    Examples
    --------
    >>> percent_encoded("a b/é.jpg")
    'a%20b/%C3%A9.jpg'
    """
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())
