"""The checker of histories finds each thing that could go wrong, and nothing where nothing did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.history import Event, doubled, lost, violations


def sent(item: str, content: str = "x") -> Event:
    return Event("sent", item, content)


def told(item: str, outcome: str = "accepted") -> Event:
    return Event("answered", item, outcome)


FINE = [
    ([], []),
    ([sent("a"), told("a")], [("a", "x")]),
    ([sent("a")], []),  # no answer, not kept
    ([sent("a")], [("a", "x")]),  # no answer, kept
    ([sent("a"), sent("a"), told("a", "duplicate")], [("a", "x")]),  # the first answer was lost
    ([sent("a"), told("a"), sent("a"), told("a", "duplicate")], [("a", "x")]),
    ([sent("a"), told("a"), sent("a", "y"), told("a", "conflict")], [("a", "x")]),
]
WRONG = [
    ([sent("a"), told("a")], [], "a is lost"),
    ([sent("a"), sent("a"), told("a", "duplicate")], [], "a is lost"),
    ([sent("a"), told("a")], [("a", "x"), ("a", "x")], "a is stored 2 times"),
    ([sent("a"), told("a")], [("a", "y")], "a is stored as y, and was sent as x"),
    ([sent("a"), told("a")], [("a", "x"), ("b", "x")], "b is stored and was never sent"),
    ([sent("a"), told("a"), sent("a"), told("a")], [("a", "x")], "a was accepted 2 times"),
    ([sent("a"), told("a"), told("a", "rejected")], [("a", "x")], "a was kept and then not a duplicate"),
    ([sent("a"), told("a", "conflict")], [("a", "x")], "a had one content and was answered"),
    ([sent("a"), told("a", "rejected")], [], "a had one content and was answered"),
    ([told("a")], [("a", "x")], "a was answered and never sent"),
]


@pytest.mark.parametrize(("events", "stored"), FINE)
def test_a_history_without_a_fault(events: list[Event], stored: list[tuple[str, str]]) -> None:
    assert violations(events, stored) == []


@pytest.mark.parametrize(("events", "stored", "said"), WRONG)
def test_each_fault_is_said(events: list[Event], stored: list[tuple[str, str]], said: str) -> None:
    assert any(said in one for one in violations(events, stored))


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["kept", "lost before", "lost after"])), max_size=20
    )
)
def test_a_store_that_keeps_its_word_is_never_blamed_and_one_that_loses_always_is(
    attempts: list[tuple[str, str]],
) -> None:
    events: list[Event] = []
    stored: dict[str, str] = {}
    for item, fate in attempts:
        events.append(sent(item))
        if fate == "lost before":
            continue
        outcome = "duplicate" if item in stored else "accepted"
        stored[item] = "x"
        if fate == "kept":
            events.append(told(item, outcome))
    assert violations(events, list(stored.items())) == []
    for item in {event.item for event in events if event.kind == "answered"}:
        assert violations(events, [pair for pair in stored.items() if pair[0] != item]) != []
        assert violations(events, [*stored.items(), (item, "x")]) != []


@pytest.mark.parametrize(("events", "stored"), FINE)
def test_nothing_is_counted_where_nothing_is_wrong(
    events: list[Event], stored: list[tuple[str, str]]
) -> None:
    assert lost(events, stored) | doubled(events, stored) == set()


def test_what_is_lost_and_what_is_doubled_is_counted() -> None:
    events = [sent("a"), told("a"), sent("b"), told("b"), told("c"), told("c"), sent("d")]
    assert lost(events, [("b", "x"), ("b", "x"), ("c", "x")]) == {"a"}
    assert doubled(events, [("b", "x"), ("b", "x"), ("c", "x")]) == {"b", "c"}
