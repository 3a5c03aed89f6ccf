"""What clients sent and were answered, and whether what is stored agrees with it.

An item is a record, a truth, a word of feedback or a profile; its content is a text that is the same for the
same content. A client that had no answer sends the item again, with the same content, until it has one.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["KEPT", "Event", "History", "doubled", "lost", "violations"]

KEPT = frozenset({"accepted", "duplicate"})
"""Answers that promise that the item is kept."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history: `value` is the content that was sent, or the outcome that was answered."""

    kind: Literal["sent", "answered"]
    item: str
    value: str


@dataclass
class History:
    """A history that many threads write."""

    events: list[Event] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self, item: str, content: str) -> None:
        with self.lock:
            self.events.append(Event("sent", item, content))

    def answered(self, item: str, outcome: str) -> None:
        with self.lock:
            self.events.append(Event("answered", item, outcome))


def violations(events: Iterable[Event], stored: Sequence[tuple[str, str]]) -> list[str]:
    """Return what is wrong with what is stored, pairs of item and content, after these events.

    * Every item that was answered as kept is stored, once, with the content that was sent.
    * Nothing is stored twice, and nothing that was not sent, or with other content.
    * An item is accepted at most once.
    * An item that was sent with one content only is never called a conflict, or rejected, and after it was
      called kept it is called a duplicate each time.
    """
    sent: dict[str, set[str]] = defaultdict(set)
    outcomes: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.kind == "sent":
            sent[event.item].add(event.value)
        else:
            outcomes[event.item].append(event.value)
    return _faults_of_store(sent, stored) + _faults_of_answers(sent, outcomes, {item for item, _ in stored})


def lost(events: Iterable[Event], stored: Sequence[tuple[str, str]]) -> set[str]:
    """Return the items that were answered as kept and are not stored."""
    kept = {event.item for event in events if event.kind == "answered" and event.value in KEPT}
    return kept - {item for item, _ in stored}


def doubled(events: Iterable[Event], stored: Sequence[tuple[str, str]]) -> set[str]:
    """Return the items that are stored more than once, or were accepted more than once."""
    times = Counter(item for item, _ in stored)
    accepted = Counter(
        event.item for event in events if event.kind == "answered" and event.value == "accepted"
    )
    return {item for counts in (times, accepted) for item, count in counts.items() if count > 1}


def _faults_of_store(sent: Mapping[str, set[str]], stored: Sequence[tuple[str, str]]) -> list[str]:
    times = Counter(item for item, _ in stored)
    wrong = [f"{item} is stored {count} times" for item, count in times.items() if count > 1]
    for item, content in stored:
        if item not in sent:
            wrong.append(f"{item} is stored and was never sent")
        elif content not in sent[item]:
            wrong.append(f"{item} is stored as {content}, and was sent as {' or '.join(sorted(sent[item]))}")
    return wrong


def _faults_of_answers(
    sent: Mapping[str, set[str]], outcomes: Mapping[str, list[str]], there: set[str]
) -> list[str]:
    wrong: list[str] = []
    for item, told in outcomes.items():
        kept = [outcome in KEPT for outcome in told]
        if item not in sent:
            wrong.append(f"{item} was answered and never sent")
            continue
        if any(kept) and item not in there:
            wrong.append(f"{item} is lost: it was answered {told}")
        if told.count("accepted") > 1:
            wrong.append(f"{item} was accepted {told.count('accepted')} times: {told}")
        if len(sent[item]) > 1:
            continue
        first = kept.index(True) if any(kept) else len(told)
        if any(outcome != "duplicate" for outcome in told[first + 1 :]):
            wrong.append(f"{item} was kept and then not a duplicate: {told}")
        if set(told) - KEPT:
            wrong.append(f"{item} had one content and was answered {told}")
    return wrong
