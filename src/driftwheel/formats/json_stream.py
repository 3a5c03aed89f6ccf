"""Lists in large JSON files, one item at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson

from driftwheel.errors import LabelFormatError

__all__ = ["first_keys", "list_items"]

_MARK = b"\xef\xbb\xbf"
_MOST_KEYS = 64


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
        For what is no JSON; ``NaN`` and ``Infinity`` are none.
    """
    _rewind(stream)
    try:
        yield from ijson.items(stream, path, use_float=True)
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
        for path, event, value in ijson.parse(stream, use_float=True):
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
