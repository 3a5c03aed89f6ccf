"""Truth tables: a CSV or JSON file that says which class each image shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from driftwheel.errors import UsageError
from driftwheel.sources.time_table import read_time_table
from driftwheel.sources.url import is_url, read_text

__all__ = ["TruthTable", "read_truth_table"]

_COLUMN = "class"
_LIKELY = ("label", "truth", "target", "category", "y")
"""What others call the column of classes."""


@dataclass(frozen=True, slots=True)
class TruthTable:
    """The classes of images by name, and where they were read from."""

    place: str
    rows: Mapping[str, str]

    def class_of(self, name: str) -> str | None:
        """Return the class of an image: that of its path in its source, or else of its file name; or None."""
        return self.rows.get(name) or self.rows.get(name.rpartition("/")[2])


def read_truth_table(place: str) -> TruthTable:
    """Return the classes in a file (path or URL), in UTF-8.

    A file whose name ends in ``.json`` holds one object, from the name of each image to its class. Any other
    is a table as `read_time_table` reads it, with a column ``class``; other columns are of no account. An
    image is named by its path inside its source, or by its file name alone. An empty class says nothing.

    Raises
    ------
    UsageError
        When it cannot be read, or is no such file.
    """
    if place.lower().endswith(".json"):
        return TruthTable(place, _read_json(place))
    table = read_time_table(place)
    columns = {column for row in table.rows.values() for column in row.tags}
    if table.rows and _COLUMN not in columns:
        likely = [column for column in sorted(columns) if column.lower() in _LIKELY]
        hint = f" Rename '{likely[0]}' to '{_COLUMN}', if it names them." if likely else ""
        raise UsageError(
            f"The table {place} has no column '{_COLUMN}' with the true class of each image.{hint}"
        )
    return TruthTable(
        place, {image: row.tags[_COLUMN] for image, row in table.rows.items() if _COLUMN in row.tags}
    )


def _read_json(place: str) -> Mapping[str, str]:
    try:
        text = read_text(place) if is_url(place) else Path(place).read_text(encoding="utf-8-sig")
        body = json.loads(text)
    except OSError as error:
        raise UsageError(f"The truths in {place} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place} is no JSON in UTF-8: {error}.") from None
    if not isinstance(body, dict) or not all(isinstance(one, str | int) for one in body.values()):
        raise UsageError(
            f'{place} is no object from the name of each image to its class, such as {{"a.jpg": "cat"}}.'
        )
    return {
        name.replace("\\", "/").removeprefix("./"): str(one) for name, one in body.items() if str(one).strip()
    }
