"""The whole story on photos of cats and dogs: a damaged camera, and the wheel that notices, asks and repairs.

`driftwheel demo week --data FOLDER` as it is, told by a table: what happened on which day, what each step
of the wheel found and cost, and how often the model is right before and after. Needs the photos of
``../shared/data/cats_dogs``, or of a folder named on the command line.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from driftwheel.demo.folder_story import folder_settings, plan_folder_story
from driftwheel.demo.story import Figure, StoryDay, tell_story
from machine import machine_lines

BENCH = Path(__file__).parent
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", BENCH.parent.parent / "shared" / "data"))
FAULT, SEVERITY, SEED = "blur", 4, 0

ABOUT = (
    "`driftwheel demo week --data cats_dogs`: a model is trained on {learnt:,} photos by a real server, and "
    "answers {a_day} photos on each of nine days over HTTP, from two cameras; from day {damaged} on the "
    "right one has the fault `{fault}` (severity {severity}). The wheel begins by the alert, asks for "
    "{images} images, {overlap} annotators each, some half of them at random to measure on; more where the "
    "gate lacks some. Annotators are simulated: five are right 95 times in a hundred, one does not look. "
    "They label in the evenings from day {labellers} on; a lead answers from day {lead} on. What is true is "
    "known to the bench alone."
)


def figure(one: Figure | None) -> str:
    if one is None:
        return ""
    interval = "" if one.low is None or one.high is None else f" ({one.low:.0%} to {one.high:.0%})"
    return f"{one.value:.1%}{interval}" + (f", n = {one.n}" if one.n else "")


def row(day: StoryDay, figures: Mapping[int, tuple[Figure | None, Figure | None]]) -> str:
    said = day.predicted
    damaged = f"{said.right_damaged / said.damaged:.1%}" if said.damaged else ""
    estimated, measured = figures[day.day]
    return (
        f"| {day.day} | {said.version} | {day.answer.replace('_', ' ')} | {day.diagnosis} | "
        f"{figure(estimated)} | {figure(measured)} | {said.right / said.images:.1%} | {damaged} |"
    )


def step_rows(turn: Mapping[str, Any]) -> list[str]:
    return [
        f"| {one['name']} | {one['told']} | {one['cost']['labels'] or ''} | "
        f"{one['cost']['people_seconds'] / 60:.0f} | {one['cost']['machine_seconds'] / 60:.1f} |"
        for one in turn["steps"]
    ]


def worth(days: Sequence[StoryDay], versions: Sequence[str]) -> list[str]:
    """How often each version was right in production since the damage, on either camera."""
    lines = [
        "| version | damaged camera | n | other camera | n |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for version in dict.fromkeys(versions):
        its = [one.predicted for one in days if one.predicted.damaged and one.predicted.version == version]
        damaged = sum(one.damaged for one in its), sum(one.right_damaged for one in its)
        all_of = sum(one.images for one in its), sum(one.right for one in its)
        other = all_of[0] - damaged[0], all_of[1] - damaged[1]
        shares = (f"{right / n:.1%} | {n}" for n, right in (damaged, other) if n)
        lines.append(f"| {version} | {' | '.join(shares)} |")
    return lines


def mistakes(days: Sequence[StoryDay], turns: Sequence[Mapping[str, Any]], damaged: int) -> list[str]:
    """What of the promise was not kept."""
    wrong = [
        f"day {one.day} is called '{one.answer}'"
        for one in days
        if (one.answer == "drift") != (one.day >= damaged)
    ]
    told = [one.day for one in days if any(line.startswith("message") for line in one.happened)]
    if not told or told[0] != damaged:
        wrong.append(f"the first message came on day {told[0] if told else 'none'}")
    if [one["outcome"] for one in turns[:1]] != ["promoted"]:
        wrong.append("the first turn promoted nothing")
    return wrong


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / "cats_dogs"
    if not data.is_dir():
        print(f"There is no {data}: nothing measured. Name a folder with a folder of photos for each class.")
        return
    begun, busy = time.monotonic(), os.getloadavg()[0]
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    plan = plan_folder_story(data, yesterday, SEED, severity=SEVERITY)
    settings = folder_settings(plan)
    days: list[StoryDay] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        tell_story(
            plan,
            Path(folder) / "week",
            "week",
            fault=FAULT,
            embedder="auto",
            seed=SEED,
            tell=lambda step: print(f"{step} …", flush=True),
            **settings,
        ) as story,
    ):
        for day in story.days():
            days.append(day)
            print(row(day, story.figures_by_day()), *day.happened, sep="\n", flush=True)
        figures, turns, versions = story.figures_by_day(), story.wheel.turns(), story.versions()
    minutes = (time.monotonic() - begun) / 60
    wrong = mistakes(days, turns, plan.schedule.damaged)
    first, last = versions[0]["name"], days[-1].predicted.version
    took = (
        f"It took {minutes:.0f} min; the load of the machine was {busy:.0f} before it began and "
        f"{os.getloadavg()[1]:.0f} in the end, on {os.cpu_count()} processors."
    )
    lines = [
        "# The story, on cats and dogs",
        "",
        *machine_lines("torch", "onnxruntime"),
        "",
        ABOUT.format(
            learnt=len(plan.reference),
            a_day=len(plan.days[0]),
            damaged=plan.schedule.damaged,
            labellers=plan.schedule.labellers,
            lead=plan.schedule.lead,
            fault=FAULT,
            severity=SEVERITY,
            images=settings["policy"]["images"],
            overlap=settings["policy"]["overlap"],
        ),
        "",
        took,
        "",
        "| day | served by | verdict | diagnosis | estimated | measured | true | of the damaged camera |",
        "| ---: | --- | --- | --- | --- | --- | ---: | ---: |",
        *(row(one, figures) for one in days),
    ]
    lines += ["", "Right, in truth, from the damage on:", "", *worth(days, (first, last))]
    for turn in turns:
        cost = turn["cost"]
        people, machine = cost["people_seconds"] / 60, cost["machine_seconds"] / 60
        told = (
            f"{turn['cause']} {turn['reason'] or turn['waits_for']} It cost {cost['labels']:,} labelled "
            f"images by {cost['annotators']} annotators, {people:.0f} min of theirs and {machine:.1f} min of "
            "the machine."
        )
        lines += [
            "",
            f"## Turn {turn['number']}: {(turn['outcome'] or 'not over').replace('_', ' ')}",
            "",
            told,
            "",
            "| step | what it did or found | labels | people, min | machine, min |",
            "| --- | --- | ---: | ---: | ---: |",
            *step_rows(turn),
        ]
    kept = "Drift was called on every damaged day and on no other; the turn ended in a promotion."
    lines += ["", f"Not kept: {'; '.join(wrong)}." if wrong else kept]
    (BENCH / "results" / "week.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
    if wrong:
        sys.exit("; ".join(wrong))


if __name__ == "__main__":
    main()
