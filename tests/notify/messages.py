"""Messages as the service makes them, for the tests of how they look and arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from driftwheel.alerts.message import Entry, Link, Message

SERVER = "https://driftwheel.example.com"
MADE = datetime(2026, 11, 20, 0, 1, tzinfo=UTC)


def drift() -> Entry:
    """An alert that says everything an alert can say."""
    return Entry(
        episode=17,
        name="drift",
        severity="critical",
        state="firing",
        tag="camera",
        value="2",
        since=datetime(2026, 11, 18, tzinfo=UTC),
        start=datetime(2026, 11, 19, tzinfo=UTC),
        end=datetime(2026, 11, 20, tzinfo=UTC),
        wrong="The images of camera=2 have drifted: they look darker and less sharp than the reference.",
        expected="Images like the 1,000 reference images, at one false alarm in a year.",
        n=420,
        effect="sharpness 2.3 σ below the reference, brightness 1.1 σ below",
        cause="Out of focus lens, severity 3 of 5 (confidence 0.91).",
        segments=("camera=2", "camera=5"),
        harm="Accuracy estimated at 0.81 instead of 0.93 (estimated from confidence).",
        examples=("rec-1", "rec-2", "rec-3", "rec-4"),
        note="Call the line lead, 555 0123.",
        links=(
            Link("See", f"{SERVER}/alerts/17"),
            Link("Acknowledge", f"{SERVER}/alerts/17/acknowledge"),
            Link("Snooze", f"{SERVER}/alerts/17/snooze"),
        ),
    )


def unreadable() -> Entry:
    """An alert of the whole model that says little."""
    return Entry(
        episode=18,
        name="unreadable images",
        severity="warning",
        state="firing",
        tag="",
        value="",
        since=datetime(2026, 11, 19, tzinfo=UTC),
        start=datetime(2026, 11, 19, tzinfo=UTC),
        end=datetime(2026, 11, 20, tzinfo=UTC),
        wrong="6.2 % of the images could not be read.",
        expected="at most 1 %, as usual",
        n=1000,
        links=(Link("See", f"{SERVER}/alerts/18"),),
    )


def firing(*entries: Entry) -> Message:
    """A message about alerts that fire."""
    named = entries or (drift(), unreadable())
    return Message(
        kind="firing",
        model="cats",
        title="cats: drift on camera=2, and 1 more",
        severity="critical",
        made=MADE,
        since=datetime(2026, 11, 18, tzinfo=UTC),
        until=datetime(2026, 11, 20, tzinfo=UTC),
        entries=named,
        link=f"{SERVER}/alerts?model=cats",
        examples={f"rec-{i}": f"{SERVER}/images/{i}" for i in range(1, 5)},
    )


def resolved() -> Message:
    """A message that it is over."""
    over = replace(drift(), state="resolved", ended=datetime(2026, 11, 22, 0, 1, tzinfo=UTC))
    return replace(firing(over), kind="resolved", title="cats: resolved: drift on camera=2")
