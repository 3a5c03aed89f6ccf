"""Which images are asked for, as an address says it; what is wrong with it is told, not refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from markupsafe import Markup

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.report.numbers import p_value
from driftwheel.report.printable import shortened
from driftwheel.services.browse.list_images import ImageQuery
from driftwheel.store.records.record_pages import Order
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.windows.verdicts import Answer
from driftwheel.web.pages.rendering import address, moment

__all__ = [
    "STATES",
    "STATE_WORDS",
    "VERDICT_WORDS",
    "ActiveFilter",
    "ImageFilter",
    "read_filter",
    "read_tags",
    "read_time",
]

STATES: Mapping[str, RecordState] = {
    "measured": RecordState.MEASURED,
    "waiting": RecordState.RECEIVED,
    "rejected": RecordState.REJECTED,
    "no-image": RecordState.NO_IMAGE,
}
"""The words of an address for how far the work on an image is."""

STATE_WORDS: Mapping[str, str] = {
    "measured": "measured",
    "waiting": "not measured yet",
    "rejected": "cannot be read",
    "no-image": "no image sent",
}

VERDICT_WORDS: Mapping[Answer, str] = {
    "drift": "drift",
    "no_drift": "no drift",
    "insufficient": "too few to say",
    "no_reference": "no reference",
}
"""The verdicts on a window that a list can be narrowed to."""

_NAMES = ("model", "since", "until", "tag", "predicted", "state", "p", "verdict", "sort")


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """One thing that narrows the list, in words, and the address of the list without it."""

    words: str | Markup
    without: str


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """What an address asks for.

    Attributes
    ----------
    query
        None when something in it is wrong.
    given
        The values as they came, for the form and for further addresses.
    mistakes
        What is wrong, in words.
    active
        What narrows the list.
    """

    query: ImageQuery | None
    given: Mapping[str, str]
    mistakes: tuple[str, ...]
    active: tuple[ActiveFilter, ...]

    def address(self, path: str = "/images", **changes: str | None) -> str:
        """Return the address of this list with some values changed; None takes one away."""
        return address(path, {**self.given, **changes})


def read_filter(values: Mapping[str, str], model: str) -> ImageFilter:
    """Read the query of an address; `model` is the model when it names none."""
    given = {name: values[name].strip() for name in _NAMES if values.get(name, "").strip()}
    given.setdefault("model", model)
    mistakes: list[str] = []

    parts: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name in given:
            try:
                parts[name] = read(given[name])
            except UsageError as error:
                mistakes.append(str(error))
    since, until = parts.get("since"), parts.get("until")
    if since is not None and until is not None and since >= until:
        mistakes.append("The list ends before it begins: 'from' must be earlier than 'until'.")
    query = None
    if not mistakes:
        query = ImageQuery(
            given["model"],
            since,
            until,
            parts.get("tag", {}),
            given.get("predicted"),
            parts.get("state"),
            parts.get("p"),
            parts.get("sort", "newest"),
            parts.get("verdict"),
        )
    return ImageFilter(query, given, tuple(mistakes), tuple(_active(given, parts)))


def read_time(text: str) -> datetime:
    """Return a moment of ISO 8601, in UTC where it names no zone; raise `UsageError` for another text."""
    try:
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"'{shortened(text, 40)}' is no time; write one such as 2026-11-23T08:00Z."
        ) from None


def read_tags(text: str) -> dict[str, str]:
    """Return the tags of a list with commas; raise `UsageError` for a part without ``=``.

    Examples
    --------
    >>> read_tags("camera=2, site=north")
    {'camera': '2', 'site': 'north'}
    """
    tags = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                f"'{shortened(part, 40)}' is no tag; write its name and value, such as camera=2."
            )
        tags[name.strip()] = value.strip()
    return tags


def _read_p(text: str) -> float:
    try:
        p = float(text)
    except ValueError:
        p = -1.0
    if not 0 <= p <= 1:
        raise UsageError(
            f"'{shortened(text, 40)}' is no p-value; give a number from 0 to 1, for example 0.01."
        )
    return p


def _one_of(what: str, known: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in known:
            hint = did_you_mean(text, known)
            raise UsageError(
                f"'{shortened(text, 40)}' is no {what}; expected one of: {', '.join(known)}.{hint}"
            )
        return known[text]

    return read


_READERS: Mapping[str, Callable[[str], Any]] = {
    "since": read_time,
    "until": read_time,
    "tag": read_tags,
    "p": _read_p,
    "state": _one_of("state of an image", STATES),
    "verdict": _one_of("verdict", {verdict: verdict for verdict in VERDICT_WORDS}),
    "sort": _one_of("order", {order: order for order in get_args(Order)}),
}


def _active(given: Mapping[str, str], parts: Mapping[str, Any]) -> list[ActiveFilter]:
    words: dict[str, str | Markup] = {}
    if "since" in parts:
        words["since"] = Markup("from {}").format(moment(parts["since"]))
    if "until" in parts:
        words["until"] = Markup("until {}").format(moment(parts["until"]))
    if "tag" in parts:
        words["tag"] = ", ".join(f"{name} = {value}" for name, value in parts["tag"].items())
    if "predicted" in given:
        words["predicted"] = f"predicted {given['predicted']}"
    if "state" in parts:
        words["state"] = STATE_WORDS[given["state"]]
    if "p" in parts:
        words["p"] = f"outlier p ≤ {p_value(parts['p'])}"
    if "verdict" in parts:
        words["verdict"] = f"in windows with the verdict: {VERDICT_WORDS[parts['verdict']]}"
    return [
        ActiveFilter(said, address("/images", {name: text for name, text in given.items() if name != key}))
        for key, said in words.items()
    ]
