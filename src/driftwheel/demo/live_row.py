"""A day of a watched week as one row of a table on a terminal."""

from __future__ import annotations

from driftwheel.demo.live_week import LiveDay

__all__ = ["HEADINGS", "live_row"]

HEADINGS = ("day", "images", "verdict", "diagnosis", "judged", "told", "accuracy*", "message")


def live_row(day: LiveDay) -> tuple[str, ...]:
    """Return the texts under `HEADINGS`; `judged` and `told` are seconds after the last image."""
    told = "" if day.told_seconds is None else f"{day.told_seconds:.0f} s"
    return (
        str(day.day),
        f"{day.images:,}",
        day.answer.replace("_", " "),
        day.diagnosis,
        f"{day.judged_seconds:.0f} s",
        told,
        f"{100 * day.accuracy:.0f} %",
        day.messages[0].title if day.messages else "",
    )
