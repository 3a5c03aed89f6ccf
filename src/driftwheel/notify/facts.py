"""What a message says, as labelled lines: the same ones, in the same order, on every channel."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from driftwheel.alerts.message import MOST_EXAMPLES, Entry, Link, Message, Notice

__all__ = [
    "Block",
    "Fact",
    "blocks",
    "facts",
    "footer",
    "heading",
    "moment",
    "one_line",
    "opening",
    "span",
    "state_words",
]

_MOST_SEGMENTS = 6
_LONGEST = 1000
_LONGEST_ID = 24  # longer ones are made by programs and say nothing to people
_STATES = {"pending": "pending", "firing": "firing", "recovering": "recovering"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled line of an alert, with links where it has some; then `text` may be empty."""

    label: str
    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """What is said of one alert, or one notice.

    Attributes
    ----------
    heading
        In a line.
    tone
        ``critical``, ``warning`` or ``info``; ``over`` of what has ended.
    brief
        In a line for channels that carry no more.
    """

    heading: str
    tone: str
    facts: tuple[Fact, ...]
    brief: str


def blocks(message: Message) -> tuple[Block, ...]:
    """Return what is said of each alert of a message, and of each notice."""
    of_alerts = [
        Block(
            heading(entry),
            "over" if entry.ended is not None else entry.severity,
            facts(entry, message.examples),
            one_line(f"{entry.name}{f' ({entry.tag}={entry.value})' if entry.tag else ''}: {entry.wrong}"),
        )
        for entry in message.entries
    ]
    of_notices = [
        Block(
            one_line(notice.heading),
            "warning" if notice.wanted else "info",
            _told(notice),
            one_line(f"{notice.heading}: {notice.told}"),
        )
        for notice in message.notices
    ]
    return (*of_alerts, *of_notices)


def heading(entry: Entry) -> str:
    """Return which alert it is: how grave or that it has ended, its monitor, its segment.

    The whole model goes without saying.
    """
    where = f" · {entry.tag}={entry.value}" if entry.tag else ""
    return one_line(f"{_first_word(entry)} · {entry.name}{where}")


def facts(entry: Entry, examples: Mapping[str, str] | None = None) -> tuple[Fact, ...]:
    """Return what is to be said of one alert; lines without content are left out.

    Parameters
    ----------
    entry
        The alert.
    examples
        Record id → address, for those that have one.
    """
    over = span(entry.start, entry.end)
    if entry.since < entry.start:
        over += f"; in breach since {moment(entry.since)}"
    over_now = entry.ended is not None
    lines = [
        Fact("State", state_words(entry)),
        Fact("What was wrong" if over_now else "What went wrong", one_line(entry.wrong)),
        Fact("Expected", one_line(entry.expected)),
        Fact("Over", over),
        Fact("Measured on", f"n = {entry.n:,}" if entry.n else ""),
        Fact("Effect", one_line(entry.effect)),
        Fact("Likely cause", one_line(entry.cause)),
        Fact("Carried by", _some(entry.segments)),
        Fact("Harm", one_line(entry.harm)),
        Fact("Note", one_line(entry.note)),
        _examples(entry, examples or {}),
        Fact("Do", "", tuple(_plain(link) for link in entry.links)),
    ]
    return tuple(line for line in lines if line.text or line.links)


def state_words(entry: Entry) -> str:
    """Return what has become of an alert, empty while it fires and nothing else is to be said."""
    said = []
    if entry.ended is not None:
        said.append(f"{_first_word(entry).lower()} {moment(entry.ended)}")
    elif entry.state != "firing":
        said.append(_STATES.get(entry.state, entry.state))
    if entry.reason:
        said.append(one_line(entry.reason))
    if entry.flapping:
        said.append("it comes and goes")
    return "; ".join(said)


def footer(message: Message) -> str:
    """Return the last line: of which model it is, when it was made."""
    model = f"model {message.model} · " if message.model else ""
    return one_line(f"Driftwheel · {model}{moment(message.made)}")


def opening(message: Message) -> str:
    """Return what is said before the alerts: of a test that it is one, else nothing."""
    return "This is a test: nothing is wrong." if message.kind == "test" else ""


def moment(time: datetime) -> str:
    """Return a moment to the minute.

    Examples
    --------
    >>> moment(datetime(2026, 11, 20, 9, 5, tzinfo=UTC))
    '2026-11-20 09:05 UTC'
    """
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(start: datetime, end: datetime) -> str:
    """Return a span of time, with the date once where it is one day.

    Examples
    --------
    >>> span(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
    '2026-11-20 (UTC)'
    >>> span(datetime(2026, 11, 20, 9, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC))
    '2026-11-20 09:00–10:00 UTC'
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    days = (end - start).days
    if start.hour == start.minute == 0 and days >= 1 and (end - start).seconds == 0:
        if days == 1:
            return f"{start:%Y-%m-%d} (UTC)"
        return f"{start:%Y-%m-%d} to {end.replace(hour=0).date().fromordinal(end.toordinal() - 1)} (UTC)"
    if start.date() == end.date():
        return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M} UTC"
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} UTC"


def one_line(text: str) -> str:
    r"""Return a text from outside on one line, without what steers a terminal or a mail, at most 1,000 long.

    Examples
    --------
    >>> one_line("camera\n2\x1b[31m")
    'camera 2[31m'
    """
    words = " ".join(text.split(" ")) if text.isprintable() else " ".join(text.split())
    kept = "".join(c for c in words if not unicodedata.category(c).startswith("C"))
    return kept if len(kept) <= _LONGEST else kept[: _LONGEST - 1] + "…"


def _told(notice: Notice) -> tuple[Fact, ...]:
    lines = [
        Fact("Wanted" if notice.wanted else "What came of it", one_line(notice.told)),
        *(Fact(one_line(name), one_line(text)) for name, text in notice.facts),
        Fact("Do" if notice.wanted else "See", "", tuple(_plain(link) for link in notice.links)),
    ]
    return tuple(line for line in lines if line.text or line.links)


def _first_word(entry: Entry) -> str:
    if entry.ended is None:
        return entry.severity.capitalize()
    return "Closed" if entry.state == "closed" else "Resolved"


def _some(segments: tuple[str, ...]) -> str:
    shown = ", ".join(one_line(one) for one in segments[:_MOST_SEGMENTS])
    left = len(segments) - _MOST_SEGMENTS
    return f"{shown} and {left} more" if left > 0 else shown


def _examples(entry: Entry, addresses: Mapping[str, str]) -> Fact:
    """Return the example images by link; those without an address by their ids."""
    shown = entry.examples[:MOST_EXAMPLES]
    links = tuple(
        _plain(Link(one if len(one) <= _LONGEST_ID else f"image {number}", addresses[one]))
        for number, one in enumerate(shown, 1)
        if one in addresses
    )
    named = ", ".join(one_line(one) for one in shown if one not in addresses)
    return Fact("Examples", named, links)


def _plain(link: Link) -> Link:
    """Return a link that leads to a page, whoever made it."""
    safe = urlsplit(link.url).scheme in {"http", "https"} and link.url.isprintable() and " " not in link.url
    return Link(one_line(link.title), link.url if safe else "")
