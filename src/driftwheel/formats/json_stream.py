"""Lists in large JSON files, one item at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson
import numpy as np

from driftwheel.errors import LabelFormatError

__all__ = ["first_keys", "list_items"]

_MARK = b"\xef\xbb\xbf"
_MOST_KEYS = 64
_DEEPEST = 64  # no label format goes beyond ten


def list_items(stream: BinaryIO, path: str, called: str) -> Iterator[Any]:
    """Yield the items of a list in a JSON document, from its beginning; nothing where the list is not there.

    Memory is that of one item, whatever the size of the file.

    Parameters
    ----------
    stream
        UTF-8, with or without a mark at its beginning; can be rewound.
    path
        Where the list is: ``"item"`` for the document itself, ``"images.item"`` for that under a key.
    called
        What an error calls the file.

    Raises
    ------
    LabelFormatError
        For what is no JSON (``NaN`` and ``Infinity`` are none), or lists and objects 65 deep in each other.
    """
    _rewind(stream)
    try:
        yield from ijson.items(_Shallow(stream, called), path, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise LabelFormatError(_damaged(called, error)) from None


def first_keys(stream: BinaryIO, called: str) -> tuple[str, tuple[str, ...]]:
    """Return the kind of a document, and the first keys in it.

    The kind is ``"list"``, with the keys of its first item; ``"object"``, with its own; or ``"other"``. At
    most 64 keys are looked at.
    """
    _rewind(stream)
    keys: list[str] = []
    kind = ""
    try:
        for path, event, value in ijson.parse(_Shallow(stream, called), use_float=True):
            if not kind:
                kind = {"start_array": "list", "start_map": "object"}.get(event, "other")
            inside = "item" if kind == "list" else ""
            if event == "map_key" and path == inside:
                keys.append(value)
            if kind == "other" or len(keys) >= _MOST_KEYS or (event == "end_map" and path == inside):
                break
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise LabelFormatError(_damaged(called, error)) from None
    return kind, tuple(keys)


class _Shallow:
    """A stream of JSON that refuses to be read where lists and objects lie too deep in each other.

    What reads it, and what it makes of it, may take a frame of the stack for each of them.
    """

    def __init__(self, stream: BinaryIO, called: str) -> None:
        self._stream, self._called = stream, called
        self._depth, self._in_text, self._left = 0, 0, b""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        read = self._stream.read(size)
        plain = self._left + read
        slashes = len(plain) - len(plain.rstrip(b"\\"))
        self._left = b"\\" * (slashes % 2)  # what it is before comes with the next bytes
        plain = plain[: len(plain) - slashes].replace(b"\\\\", b"").replace(b'\\"', b"")
        each = np.frombuffer(plain, np.uint8)
        each = each[np.isin(each, np.frombuffer(b'"[]{}', np.uint8))]
        quotes = self._in_text + np.cumsum(each == ord('"'))
        each = each[quotes % 2 == 0]
        steps = np.isin(each, np.frombuffer(b"[{", np.uint8)) * 1 - np.isin(
            each, np.frombuffer(b"]}", np.uint8)
        )
        depths = self._depth + np.cumsum(steps)
        if depths.max(initial=0) > _DEEPEST:
            raise LabelFormatError(
                f"{self._called} has lists or objects more than {_DEEPEST} deep in each other, which no "
                "file of labels has. Export it anew."
            )
        self._in_text = int(quotes[-1] % 2) if len(quotes) else self._in_text
        self._depth = int(depths[-1]) if len(depths) else self._depth
        return read


def _rewind(stream: BinaryIO) -> None:
    stream.seek(0)
    if stream.read(len(_MARK)) != _MARK:
        stream.seek(0)


def _damaged(called: str, error: Exception) -> str:
    why = " ".join(str(error).split())
    why = why if len(why) <= 200 else f"{why[:197]}…"
    return (
        f"{called} is no JSON from its beginning to its end: {why}. "
        "(NaN and Infinity are none either.) Export it anew, or correct it there."
    )
