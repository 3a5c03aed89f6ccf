"""Messages survive the outbox."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.making import at

from driftwheel.alerts.message import (
    Entry,
    Link,
    Message,
    entry_from_json,
    entry_to_json,
    message_from_json,
    message_to_json,
)

MOMENTS = st.integers(0, 10**5).map(at)
TEXT = st.text(max_size=12)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
LINKS = st.lists(st.builds(Link, TEXT, TEXT), max_size=3).map(tuple)
SEVERITIES = st.sampled_from(("info", "warning", "critical"))
ENTRIES = st.builds(
    Entry,
    episode=st.integers(0, 2**60),
    name=TEXT,
    severity=SEVERITIES,
    state=st.sampled_from(("firing", "recovering", "resolved", "closed")),
    tag=TEXT,
    value=TEXT,
    since=MOMENTS,
    start=MOMENTS,
    end=MOMENTS,
    wrong=TEXT,
    expected=TEXT,
    n=st.integers(0, 10**9),
    effect=TEXT,
    cause=TEXT,
    segments=TEXTS,
    harm=TEXT,
    examples=TEXTS,
    note=TEXT,
    flapping=st.booleans(),
    ended=st.none() | MOMENTS,
    reason=TEXT,
    links=LINKS,
)
MESSAGES = st.builds(
    Message,
    kind=st.sampled_from(("firing", "still_firing", "resolved", "closed", "test")),
    model=TEXT,
    title=TEXT,
    severity=SEVERITIES,
    made=MOMENTS,
    since=st.none() | MOMENTS,
    until=st.none() | MOMENTS,
    entries=st.lists(ENTRIES, max_size=3).map(tuple),
    link=st.none() | TEXT,
    examples=st.dictionaries(TEXT, TEXT, max_size=3),
)


@given(ENTRIES)
def test_an_entry_survives_storage(entry: Entry) -> None:
    assert entry_from_json(json.loads(json.dumps(entry_to_json(entry)))) == entry


@given(MESSAGES)
def test_a_message_survives_storage(message: Message) -> None:
    assert message_from_json(json.loads(json.dumps(message_to_json(message)))) == message


def test_keys_of_a_later_release_are_passed_over() -> None:
    entry = Entry(1, "drift", "info", "firing", "", "", at(0), at(0), at(1), "wrong")
    message = Message("firing", "m", "t", "info", at(1), at(0), at(1), (entry,))
    plain = message_to_json(message) | {"colour": "red"}
    plain["entries"] = [entry_to_json(entry) | {"sound": "loud"}]
    assert message_from_json(plain) == message
