"""Values out of label files, each refused with the place it stands in when it is not what it should be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from driftwheel.errors import LabelFormatError
from driftwheel.formats.labelled_image import Attributes, BoxLabel
from driftwheel.formats.losses import Loss, Losses

__all__ = [
    "as_attributes",
    "as_box",
    "as_class",
    "as_list",
    "as_moment",
    "as_number",
    "as_object",
    "as_score",
    "as_size",
]

_MOST_PIXELS = 1_000_000  # a side
_FURTHEST = 1e9  # pixels from the image


def as_number(value: object, where: str, what: str) -> float:
    """Return a finite number; text is read as one.

    Examples
    --------
    >>> as_number("1.5", "a.xml", "xmin"), as_number(2, "a.json", "x")
    (1.5, 2.0)
    """
    if isinstance(value, str):
        try:
            number = math.nan if "_" in value else float(value)
        except ValueError:
            number = math.nan
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    else:
        raise LabelFormatError(f"{where}: {what} is {_shown(value)}; it should be a number.")
    if not math.isfinite(number):
        raise LabelFormatError(
            f"{where}: {what} is {_shown(value)}; it should be a finite number. Correct it."
        )
    return number


def as_size(value: object, where: str, what: str) -> int:
    """Return a side of an image: a whole number of pixels from 1 to a million."""
    number = as_number(value, where, what)
    if number != int(number) or not 1 <= number <= _MOST_PIXELS:
        raise LabelFormatError(
            f"{where}: {what} is {_shown(value)}; the side of an image is a whole number "
            f"from 1 to {_MOST_PIXELS:,}."
        )
    return int(number)


def as_score(value: object, where: str, what: str = "the score") -> float | None:
    """Return a score 0…1; None for None."""
    if value is None:
        return None
    number = as_number(value, where, what)
    if not 0 <= number <= 1:
        raise LabelFormatError(f"{where}: {what} is {number:g}; a score is between 0 and 1.")
    return number


def as_class(value: object, where: str) -> str:
    """Return the name of a class: text that is not empty and has no control characters."""
    if not isinstance(value, str) or not value.strip():
        raise LabelFormatError(f"{where}: the class is {_shown(value)}; it should be a name.")
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in value):
        raise LabelFormatError(
            f"{where}: the class {value!r} has a control character in its name. Rename it."
        )
    return value


def as_object(value: object, where: str) -> Mapping[str, Any]:
    """Return what should be a JSON object."""
    if not isinstance(value, Mapping):
        raise LabelFormatError(f"{where} is {_shown(value)}; it should be an object.")
    return value


def as_list(value: object, where: str) -> Sequence[Any]:
    """Return what should be a JSON list."""
    if not isinstance(value, list | tuple):
        raise LabelFormatError(f"{where} is {_shown(value)}; it should be a list.")
    return value


def as_attributes(pairs: Mapping[str, object]) -> Attributes:
    """Return names and values as text; a number as it is written, true and false so."""
    return tuple((name, _text(value)) for name, value in pairs.items())


def as_moment(value: object) -> datetime | None:
    """Return a time in ISO 8601, in UTC where it names no zone; None for None and what is no time.

    Examples
    --------
    >>> as_moment("2026-03-04T05:06:07Z")
    datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.timezone.utc)
    """
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if time is None else (time.replace(tzinfo=UTC) if time.tzinfo is None else time)
    except ValueError:
        return None


def as_box(
    label: str, edges: tuple[float, float, float, float], where: str, losses: Losses, **more: Any
) -> BoxLabel | None:
    """Return a box; None for one without an area, where that may be left out.

    Parameters
    ----------
    edges
        x, y, width, height, pixels; finite.
    more
        The other fields of `BoxLabel`.
    """
    x, y, width, height = edges
    if width < 0 or height < 0:
        raise LabelFormatError(
            f"{where}: the box of '{label}' is {width:g} × {height:g} pixels; no side is below 0. Correct it."
        )
    if width == 0 or height == 0:
        losses.lose(
            Loss.FLAT_BOXES, where, f"the box of '{label}' is {width:g} × {height:g} pixels, without area"
        )
        return None
    if max(abs(x), abs(y), width, height) > _FURTHEST:
        raise LabelFormatError(
            f"{where}: the box of '{label}' reaches beyond {_FURTHEST:.0e} pixels. Correct it."
        )
    return BoxLabel(label, x, y, width, height, **more)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _shown(value: object) -> str:
    """Return a value as an error shows it, cut short."""
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
