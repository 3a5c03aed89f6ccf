"""The story as a table on a terminal: a row a day, and below it what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from driftwheel.demo.story import Figure, StoryDay

__all__ = ["HEADINGS", "day_lines", "heading", "story_lines", "turn_lines", "version_lines"]

HEADINGS = ("day", "images", "served by", "verdict", "diagnosis", "estimated", "measured", "true*")
_ROW = "{:<3}  {:>6}  {:<14}  {:<9}  {:<20}  {:<20}  {:<26}  {}"


def day_lines(day: StoryDay) -> list[str]:
    """Return a day as a row and what happened under it."""
    return [_row(day), *(f"     · {line}" for line in day.happened)]


def story_lines(
    days: Sequence[StoryDay], figures: Mapping[int, tuple[Figure | None, Figure | None]]
) -> list[str]:
    """Return the table of all days, with the figures as labels tell them in the end.

    Parameters
    ----------
    figures
        Day → estimated and measured accuracy.
    """
    rows = [
        replace(
            one,
            estimated=figures.get(one.day, (None, None))[0],
            measured=figures.get(one.day, (None, None))[1],
        )
        for one in days
    ]
    return [heading(), *map(_row, rows)]


def heading() -> str:
    """Return the names of the columns."""
    return _ROW.format(*HEADINGS)


def turn_lines(turn: Mapping[str, Any]) -> list[str]:
    """Return what a turn of the wheel came to and cost."""
    cost = turn["cost"]
    outcome = "it is not over" if turn["outcome"] is None else turn["outcome"].replace("_", " ")
    people, machine = cost["people_seconds"] / 60, cost["machine_seconds"] / 60
    spent = (
        f"It cost {cost['labels']:,} labelled images by {cost['annotators']} annotators, {people:.0f} min of "
        f"theirs and {machine:.1f} min of the machine."
    )
    return [f"Turn {turn['number']} of the wheel: {outcome}. {turn['reason'] or turn['waits_for']}", spent]


def version_lines(versions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return versions with their states, and what they were worth on held-out images when trained."""
    lines = []
    for one in versions:
        clean = (one["metrics"] or {}).get("clean") or {}
        faulty = (one["metrics"] or {}).get("faulty") or {}
        held = "" if "accuracy" not in clean else f"{100 * clean['accuracy']:.1f} % held out"
        given = "" if "accuracy" not in faulty else f", {100 * faulty['accuracy']:.1f} % given the fault"
        lines.append(f"{one['name']:<14}  {one['state']:<10}  {held}{given}".rstrip())
    return lines


def _row(day: StoryDay) -> str:
    said = day.predicted
    true = f"{100 * said.right / said.images:.0f} %"
    if said.damaged:
        true += f" (damaged: {100 * said.right_damaged / said.damaged:.0f} %)"
    cells = (
        str(day.day),
        f"{said.images:,}",
        said.version,
        day.answer.replace("_", " "),
        day.diagnosis,
        _figure(day.estimated),
        _figure(day.measured),
        true,
    )
    return _ROW.format(*cells).rstrip()


def _figure(one: Figure | None) -> str:
    if one is None:
        return "–"
    interval = "" if one.low is None or one.high is None else f" ({100 * one.low:.0f}–{100 * one.high:.0f})"
    return f"{100 * one.value:.0f} %{interval}" + (f", n = {one.n}" if one.n else "")
