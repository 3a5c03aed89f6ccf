"""Placement: when an image was taken and its tags, from all that tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from driftwheel.errors import UnreadableImageError
from driftwheel.images.exif import time_taken
from driftwheel.images.header import read_stored
from driftwheel.images.signature import format_of
from driftwheel.records import Image
from driftwheel.sources.name_pattern import NamePattern
from driftwheel.sources.time_table import TimeTable

__all__ = ["Placement", "exif_time", "place"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Time (UTC) and tags of one image, and whether its name fitted the pattern and the table had its row."""

    time: datetime | None
    tags: Mapping[str, str]
    fitted: bool
    listed: bool


def place(name: str, image: Image | None, pattern: NamePattern | None, table: TimeTable | None) -> Placement:
    """Return the time and the tags of the image called `name`.

    The time is the first that is known of: the table's, the name's, the image's own, the one in its EXIF.
    Tags come from all, and where two disagree that same order decides. `image` is None when it cannot be
    read.
    """
    row = table.row_of(name) if table is not None else None
    match = pattern.match(name) if pattern is not None else None
    time = row.time if row is not None else None
    if time is None and match is not None:
        time = match[0]
    if time is None and image is not None:
        time = image.time
        if time is None and isinstance(image.data, bytes):
            time = exif_time(image.data)
    tags = {
        **(image.tags if image is not None else {}),
        **(match[1] if match is not None else {}),
        **(row.tags if row is not None else {}),
    }
    return Placement(time, tags, match is not None, row is not None)


def exif_time(data: bytes) -> datetime | None:
    """Return when an image was taken by its EXIF, see `driftwheel.images.exif.time_taken`; or None."""
    kind = format_of(data)
    if kind in {None, "bmp", "gif"} or (kind == "png" and b"eXIf" not in data):
        return None
    try:
        return time_taken(read_stored(data)[1].exif)
    except UnreadableImageError:
        return None
