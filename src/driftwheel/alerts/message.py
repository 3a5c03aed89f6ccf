"""Messages: what a channel is told, before it is written as text, Markdown or HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from driftwheel.alerts.episode import State
from driftwheel.alerts.grouping import MessageKind
from driftwheel.monitors.monitor import Severity

__all__ = [
    "MOST_EXAMPLES",
    "Entry",
    "Link",
    "Message",
    "Notice",
    "entry_from_json",
    "entry_to_json",
    "message_from_json",
    "message_to_json",
    "notice_from_json",
    "notice_to_json",
]

MOST_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class Link:
    """A page, and what a person does there."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert in a message; what is not known is empty or None.

    Attributes
    ----------
    episode
        Its key; 0 until it is stored.
    name, severity
        The monitor's.
    state
        Of the episode when the message was made.
    tag, value
        The segment; both empty for the whole model.
    since
        Start of the first window in breach.
    start, end
        The last window in breach: over which time.
    wrong
        What went wrong, in a sentence.
    expected
        What was expected, in a sentence.
    n
        How many records or images the value was measured on.
    effect
        How large the change is, with its unit.
    cause
        The likely cause, in a sentence.
    brief
        The likely cause in a word or two, for a subject line: the camera fault, where one is named.
    segments
        The segments that carry it, the strongest first, each ``tag=value``.
    harm
        What it does to the model's answers, as far as it can be said, in a sentence.
    examples
        Ids of at most four records that show it best.
    note
        The monitor's, for whoever is told.
    flapping
        It comes and goes.
    ended
        When it ended.
    reason
        Why it was closed.
    links
        To see, acknowledge and snooze.
    """

    episode: int
    name: str
    severity: Severity
    state: State
    tag: str
    value: str
    since: datetime
    start: datetime
    end: datetime
    wrong: str
    expected: str = ""
    n: int = 0
    effect: str = ""
    cause: str = ""
    segments: tuple[str, ...] = ()
    harm: str = ""
    examples: tuple[str, ...] = ()
    note: str = ""
    flapping: bool = False
    ended: datetime | None = None
    reason: str = ""
    links: tuple[Link, ...] = ()
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told that is no alert: somebody is wanted, or something has ended.

    Attributes
    ----------
    heading
        What it is about, in a few words: "Turn 3 of the wheel wants labels".
    told
        A sentence or two: what is asked for, or what came of it.
    facts
        Labelled lines: name and text.
    links
        Where one does it, or reads on; the first is the one to take.
    wanted
        Somebody is asked to do something; else it is only told.
    """

    heading: str
    told: str
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is told at once of one model.

    Attributes
    ----------
    kind
        ``firing``: at least one alert is new; ``still_firing``; ``resolved``; ``closed``; ``test``;
        ``wanted``: at least one of the notices asks for somebody; ``news``: none does.
    model
        The model's name.
    title
        One line: what is wrong, in which model.
    severity
        The gravest of its entries.
    made
        When it was made.
    since, until
        Start of the first window in breach and end of the last, of all its entries.
    entries
        The gravest first.
    link
        The page of the model's alerts; None where the server's address is not known.
    examples
        Record id → address of its thumbnail, for the examples of all entries.
    notices
        What is told that is no alert; of such a message there are no entries.
    """

    kind: MessageKind
    model: str
    title: str
    severity: Severity
    made: datetime
    since: datetime | None
    until: datetime | None
    entries: tuple[Entry, ...]
    link: str | None = None
    examples: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain values, as `episodes.document` keeps it."""
    return _plain(entry)


def entry_from_json(plain: Mapping[str, Any]) -> Entry:
    """Return the entry that `entry_to_json` wrote; keys of later releases are passed over."""
    known = {name: plain[name] for name in _ENTRY if name in plain}
    for name in ("since", "start", "end", "ended"):
        known[name] = _moment(known.get(name))
    for name in ("segments", "examples"):
        known[name] = tuple(known.get(name, ()))
    known["links"] = tuple(Link(one["title"], one["url"]) for one in known.get("links", ()))
    return Entry(**known)


def message_to_json(message: Message) -> dict[str, Any]:
    """Return a message as plain values, as `notifications.body` keeps it."""
    entries = [entry_to_json(one) for one in message.entries]
    return _plain(message) | {"entries": entries, "notices": [notice_to_json(one) for one in message.notices]}


def message_from_json(plain: Mapping[str, Any]) -> Message:
    """Return the message that `message_to_json` wrote; keys of later releases are passed over."""
    known = {name: plain[name] for name in _MESSAGE if name in plain}
    for name in ("made", "since", "until"):
        known[name] = _moment(known.get(name))
    known["entries"] = tuple(entry_from_json(one) for one in known.get("entries", ()))
    known["notices"] = tuple(notice_from_json(one) for one in known.get("notices", ()))
    return Message(**known)


def notice_to_json(notice: Notice) -> dict[str, Any]:
    """Return a notice as plain values, as `notices.document` keeps it."""
    return {
        "heading": notice.heading,
        "told": notice.told,
        "facts": [list(one) for one in notice.facts],
        "links": [{"title": one.title, "url": one.url} for one in notice.links],
        "wanted": notice.wanted,
    }


def notice_from_json(plain: Mapping[str, Any]) -> Notice:
    """Return the notice that `notice_to_json` wrote; keys of later releases are passed over."""
    return Notice(
        plain["heading"],
        plain["told"],
        tuple((name, text) for name, text in plain.get("facts", ())),
        tuple(Link(one["title"], one["url"]) for one in plain.get("links", ())),
        bool(plain.get("wanted", True)),
    )


_ENTRY = tuple(one.name for one in fields(Entry))
_MESSAGE = tuple(one.name for one in fields(Message))


def _plain(value: Entry | Message) -> dict[str, Any]:
    return {
        name: one.isoformat() if isinstance(one, datetime) else list(one) if isinstance(one, tuple) else one
        for name, one in asdict(value).items()
    }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
