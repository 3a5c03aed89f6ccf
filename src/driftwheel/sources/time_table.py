"""Time tables: a CSV that says when each image was taken, and its tags."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from driftwheel.errors import UsageError
from driftwheel.sources.url import is_url, read_text

__all__ = ["Row", "TimeTable", "read_time_table"]


_LIKELY = ("file", "filename", "file_name", "path", "image_path", "name", "images", "img", "picture", "photo")
"""What others call the column of images."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says of one image: `time` in UTC or None, and its tags, without empty ones."""

    time: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimeTable:
    """The rows of a table by image, and where it was read from."""

    place: str
    rows: Mapping[str, Row]

    def row_of(self, name: str) -> Row | None:
        """Return the row of an image: that of its path in its source, or else of its file name; or None."""
        return self.rows.get(name) or self.rows.get(name.rpartition("/")[2])


def read_time_table(place: str) -> TimeTable:
    """Return a table read from a CSV file (path or URL), UTF-8, separated by commas, semicolons or tabs.

    Its first line names the columns: ``image``, the path of an image inside its source, or its file name
    alone; ``time``, optional, in ISO 8601, in UTC unless it says its offset; every other column is a tag. An
    empty cell says nothing.

    Raises
    ------
    UsageError
        When it cannot be read, lacks the column ``image``, or has a bad row; the message has the line's
        number.
    """
    try:
        text = read_text(place) if is_url(place) else Path(place).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"The table {place} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The table {place} is not UTF-8 text.") from None
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: dict[str, Row] = {}
    try:
        columns = [column.strip() for column in next(reader, [])]
        _check_columns(columns, place)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"Line {reader.line_num} of the table {place}"
            if len(cells) != len(columns):
                raise UsageError(
                    f"{where} has {len(cells)} cells; the first line names {len(columns)} columns."
                )
            values = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
            image = values.pop("image").replace("\\", "/").removeprefix("./")
            if not image:
                raise UsageError(f"{where} names no image.")
            if image in rows:
                raise UsageError(f"{where} has the image '{image}' a second time.")
            time = _time(values.pop("time", ""), where)
            rows[image] = Row(time, {tag: value for tag, value in values.items() if value})
    except csv.Error as error:
        raise UsageError(f"Line {reader.line_num} of the table {place} is no CSV: {error}.") from None
    return TimeTable(place, rows)


def _check_columns(columns: list[str], place: str) -> None:
    if "image" not in columns:
        likely = [column for column in columns if column.lower() in _LIKELY]
        likely += difflib.get_close_matches("image", [one for one in columns if one != "time"], n=1)
        hint = f" Rename '{likely[0]}' to 'image', if it names them." if likely else ""
        there = ", ".join(f"'{column}'" for column in columns) or "none"
        raise UsageError(
            f"The first line of the table {place} must name a column 'image': the path or the file name of "
            f"each image. Its columns are: {there}.{hint}"
        )
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise UsageError(f"The table {place} has the column '{twice}' twice.")
    if "" in columns:
        raise UsageError(f"The first line of the table {place} has a column without a name.")


def _time(cell: str, where: str) -> datetime | None:
    if not cell:
        return None
    try:
        time = datetime.fromisoformat(cell)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{where} has the time '{cell}', which is not ISO 8601 such as 2026-03-05T06:15:00Z."
        ) from None
