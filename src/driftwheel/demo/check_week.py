"""Check a week: write its images, check each day against the reference, keep the answers and one report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from driftwheel.demo.shot import DAYS, NAME_PATTERN
from driftwheel.demo.textile_week import FAULT, plan_week, textile_images
from driftwheel.demo.write_week import TEXTILE, clear_folder, write_week
from driftwheel.drift.check import Check
from driftwheel.report.html import html_report
from driftwheel.report.json_document import json_document
from driftwheel.services.check.check_images import check_against
from driftwheel.services.check.measure_reference import measure_reference

__all__ = ["Day", "check_week"]


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """One day of the demo, checked.

    Attributes
    ----------
    day
        1…7.
    check
        The day's images against the reference.
    json_file
        Where its answer was written.
    report
        The HTML report, written for the first day with drift; None on every other.
    """

    day: int
    check: Check
    json_file: Path
    report: Path | None


def check_week(
    folder: Path,
    *,
    embedder: str = "auto",
    threads: int | None = None,
    seed: int = 0,
    on_progress: Callable[[str, int, int | None], None] | None = None,
) -> Iterator[Day]:
    """Write a reference and seven days of images into `folder` and yield each day as it is checked.

    The same `seed` gives the same images and, with the same embedder, the same verdicts. The answers are in
    ``folder/day-1.json`` …, ``folder/report.html`` the report of the first day with drift.

    Raises
    ------
    MissingExtraError
        When the package with the images is not installed.
    UsageError
        When `folder` holds something the demo did not make.
    """
    shots = plan_week(textile_images(), seed)
    clear_folder(folder, TEXTILE)
    count = None if on_progress is None else (lambda done: on_progress("writing images", done, len(shots)))
    write_week(folder, shots, fault=FAULT, seed=seed, on_progress=count)
    reference = measure_reference(
        str(folder / "reference"),
        embedder=embedder,
        name_pattern=NAME_PATTERN,
        threads=threads,
        on_progress=on_progress,
    )
    reported = False
    for day in range(1, DAYS + 1):
        current = str(folder / f"day-{day}")
        check = check_against(
            reference, current, name_pattern=NAME_PATTERN, seed=seed, on_progress=on_progress
        )
        json_file = folder / f"day-{day}.json"
        json_file.write_text(json.dumps(json_document(check.verdict), indent=2) + "\n", encoding="utf-8")
        report = None
        if check.verdict.verdict == "drift" and not reported:
            reported, report = True, folder / "report.html"
            report.write_text(html_report(check), encoding="utf-8")
        yield Day(day, check, json_file, report)
