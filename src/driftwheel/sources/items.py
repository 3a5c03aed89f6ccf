"""Python iterables of images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

import numpy as np

from driftwheel.errors import UsageError
from driftwheel.records import Image
from driftwheel.sources.listing import Found, Listing, Wanted
from driftwheel.sources.local_file import read_local_file
from driftwheel.sources.url import is_url, read_url, without_password

__all__ = ["list_items", "position_name"]

_DIGITS = 8


def list_items(items: Iterable[Any]) -> Listing:
    """Return the images of a Python iterable.

    An item is an array or something that can become one, encoded bytes, a path or URL, a pair of a name and
    one of these, or an `Image`. What has no name is named by its position, ``00000000`` on. Lists, tuples and
    mappings (name → image) are read in order of name; anything else in its own order, since it may be longer
    than memory. An iterator can be read only once.

    Raises
    ------
    UsageError
        For a single array, which is taken for nothing but a stack of images, (n, h, w) or (n, h, w, 3); and
        while reading, for an item of another type.
    """
    if isinstance(items, np.ndarray) and (items.ndim < 3 or (items.ndim == 3 and items.shape[2] in (3, 4))):
        raise UsageError(f"An array of shape {items.shape} is one image, not several. Put it into a list.")
    count = len(items) if isinstance(items, Sized) else None
    pairs: Iterable[Any] = items
    if isinstance(items, Mapping):
        pairs = sorted(((str(name), item) for name, item in items.items()), key=lambda pair: pair[0])
    elif isinstance(items, list | tuple):
        named = [(_name(item, position), item) for position, item in enumerate(items)]
        pairs = sorted(named, key=lambda pair: pair[0])

    def read(wanted: Wanted) -> Iterator[Found]:
        for position, item in enumerate(pairs):
            name = _name(item, position)
            if wanted(name):
                yield _found(name, item)

    describe = f"{'' if count is None else f'{count} '}items of a Python {type(items).__name__}"
    return Listing(describe, count, 0, read, once=isinstance(items, Iterator))


def _name(item: Any, position: int) -> str:
    if isinstance(item, Image):
        return item.name
    if _is_pair(item):
        return str(item[0])
    if isinstance(item, str | os.PathLike):
        place = os.fspath(item)
        return without_password(place) if is_url(place) else place.replace(os.sep, "/")
    return position_name(position)


def position_name(position: int) -> str:
    """Return what the item at a position, from 0 on, is called that has no name of its own.

    Examples
    --------
    >>> position_name(7)
    '00000007'
    """
    return f"{position:0{_DIGITS}d}"


def _found(name: str, item: Any) -> Found:
    while _is_pair(item):
        item = item[1]
    if isinstance(item, Image):
        return item
    if isinstance(item, bytes | bytearray | memoryview):
        return Image(name, bytes(item))
    if isinstance(item, np.ndarray):
        return Image(name, item)
    if isinstance(item, str | os.PathLike):
        place = os.fspath(item)
        return read_url(name, place) if is_url(place) else read_local_file(name, place)
    if hasattr(item, "convert") and hasattr(item, "mode"):  # Pillow; an array would not have its palette
        return Image(name, np.asarray(item if item.mode in {"L", "RGB", "1"} else item.convert("RGB")))
    if hasattr(item, "__array__") or hasattr(item, "__array_interface__"):
        return Image(name, np.asarray(item))
    raise UsageError(
        f"Item '{name}' is of type {type(item).__name__}, which is no image. "
        "Give arrays, encoded bytes, paths, (name, image) pairs or driftwheel.records.Image."
    )


def _is_pair(item: Any) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)
