"""Opening a source: from what a person gives to images that can be gone through."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from driftwheel.errors import MissingExtraError, SourceError, UsageError, did_you_mean
from driftwheel.images.signature import format_of, other_format_of
from driftwheel.sources.file_kinds import file_kind
from driftwheel.sources.folder import list_folder, printable
from driftwheel.sources.glob_pattern import is_glob, list_glob
from driftwheel.sources.items import list_items
from driftwheel.sources.list_file import list_list_file
from driftwheel.sources.listing import Listing, read_each
from driftwheel.sources.local_file import read_local_file
from driftwheel.sources.many_images import list_many_from, many_kind_of
from driftwheel.sources.name_pattern import parse_name_pattern
from driftwheel.sources.source import Source, no_images
from driftwheel.sources.time_table import read_time_table
from driftwheel.sources.url import is_url, list_url

__all__ = ["open_source"]

_ACCEPTED = (
    "Give a folder, a glob in quotes, a list of paths (.txt), a zip or tar archive, a Parquet file, an image "
    "or a URL."
)


def open_source(
    what: str | os.PathLike[str] | Iterable[Any],
    *,
    name_pattern: str | None = None,
    table: str | os.PathLike[str] | None = None,
    called: str = "",
) -> Source:
    """Open images, wherever they are.

    Parameters
    ----------
    what
        A folder (with all below it), a glob, a list file (``.txt``), a zip or tar archive, a Parquet file
        with a column of images, a single image, a URL that fsspec can open (of any of these), or a Python
        iterable, see `driftwheel.sources.items.list_items`.
    name_pattern
        Where time and tags stand in the names, see `driftwheel.sources.name_pattern.parse_name_pattern`.
    table
        A CSV with times and tags, see `driftwheel.sources.time_table.read_time_table`. It goes before the
        name, and that before EXIF.
    called
        What the user knows this source as, for example ``reference``: an error about it begins with that.

    Files are passed over, and counted, when they are clearly no images: hidden ones, those with the extension
    of something else, and those of an unknown extension that do not begin as an image does.

    Raises
    ------
    SourceError
        When there is nothing at that place, it cannot be opened, or nothing in it can be an image.
    UsageError
        For an empty text, what is no source at all, and a bad `name_pattern` or `table`; its subclass
        `MissingExtraError` when an optional dependency is needed.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = [("left_20260305", np.zeros((8, 8), np.uint8))]
    >>> source = open_source(pairs, name_pattern="{camera}_{time:%Y%m%d}")
    >>> [(image.name, image.tags, f"{image.time:%d %B %Y}") for image in source]
    [('left_20260305', {'camera': 'left'}, '05 March 2026')]
    """
    pattern = None if name_pattern is None else parse_name_pattern(name_pattern)
    rows = None if table is None else read_time_table(os.fspath(table))
    try:
        listing = _listing_of(what)
    except MissingExtraError:
        raise
    except (SourceError, UsageError) as error:
        if not called:
            raise
        raise type(error)(f"{called.capitalize()}: {error}") from error
    return Source(listing, pattern, rows)


def _listing_of(what: str | os.PathLike[str] | Iterable[Any]) -> Listing:
    listing = _listing(what)
    if listing.count == 0:
        raise SourceError(no_images(listing.describe, listing.skipped))
    return listing


def _listing(what: str | os.PathLike[str] | Iterable[Any]) -> Listing:
    if isinstance(what, bytes | bytearray | memoryview):
        raise UsageError("Bytes are one image, not a source of several. Put them into a list.")
    if isinstance(what, str | os.PathLike):
        return _listing_at(os.fspath(what))
    if not hasattr(what, "__iter__") and not hasattr(what, "__getitem__"):
        raise UsageError(
            f"A {type(what).__name__} is no source of images. Give a path, a URL or an iterable of images."
        )
    return list_items(what)


def _listing_at(place: str) -> Listing:
    if place.startswith("file://"):
        place = place.removeprefix("file://")
    elif is_url(place):
        return list_url(place)
    if not place:
        raise UsageError(f"An empty text ('') names no images; for the current folder give '.'. {_ACCEPTED}")
    path = Path(place).expanduser()
    if path.is_dir():
        return list_folder(path)
    if not path.exists():
        if is_glob(place):
            return list_glob(os.fspath(path))
        raise SourceError(_nothing_at(path))
    if path.suffix.lower() == ".txt":
        return list_list_file(path)
    return _listing_of_file(path)


def _listing_of_file(path: Path) -> Listing:
    if not path.is_file():
        raise SourceError(f"{path} is neither a file nor a folder.")
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from None
    kind = many_kind_of(path.name, start)
    if kind is not None:
        return list_many_from(path, kind, os.fspath(path))
    if file_kind(path.name) != "image" and format_of(start) is None and other_format_of(start) is None:
        raise SourceError(f"{path} is no source of images. {_ACCEPTED}")
    name = printable(path.name)
    return Listing(
        f"image {path}", 1, 0, lambda wanted: read_each([name], lambda n: read_local_file(n, path), wanted)
    )


def _nothing_at(path: Path) -> str:
    parent = path.parent
    if not parent.is_dir():
        return f"There is no folder {parent}, so nothing at {path}. {_ACCEPTED}"
    try:
        siblings = sorted(os.listdir(parent))  # noqa: PTH208
    except OSError:
        siblings = []
    return f"There is nothing at {path}.{did_you_mean(path.name, siblings)} {_ACCEPTED}"
