"""`driftwheel compare`: drift from profile files alone, for places that pixels must not leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwheel.cli.check import FailOn
from driftwheel.cli.exit_codes import exit_code

if TYPE_CHECKING:
    from driftwheel.profiles import ProfileSet
    from driftwheel.services.check.compare_profiles import Comparison

__all__ = ["compare", "register"]

_REFERENCE = typer.Argument(metavar="REFERENCE", help="Profile file of the images the model was built on.")
_CURRENT = typer.Argument(metavar="CURRENT", help="Profile file of the images it sees now.")
_JSON = typer.Option("--json", help="Write the answer as JSON to this file ('-': standard output).")
_FAIL_ON = typer.Option("--fail-on", help="Exit with code 3 when there is drift.")
_EACH = typer.Option("--each", help="Compare every window and segment of the current file by itself.")
_FALSE_ALARMS = typer.Option("--false-alarms-per-year", help="How many false alarms a year are acceptable.")
_WINDOWS = typer.Option("--windows-per-year", help="How often such a comparison is made: 365 for daily.")
_SEED = typer.Option("--seed", min=0, help="Seed of the replayed reference windows.")

_WORST = ("drift", "insufficient", "no_drift")


def compare(
    reference: Annotated[Path, _REFERENCE],
    current: Annotated[Path, _CURRENT],
    json_file: Annotated[Path | None, _JSON] = None,
    fail_on: Annotated[FailOn | None, _FAIL_ON] = None,
    each: Annotated[bool, _EACH] = False,
    false_alarms_per_year: Annotated[float, _FALSE_ALARMS] = 1.0,
    windows_per_year: Annotated[float, _WINDOWS] = 365.0,
    seed: Annotated[int, _SEED] = 0,
) -> None:
    """Say from two profile files alone whether the current images differ from the reference.

    Exit codes: 0 no drift (or drift without --fail-on), 1 error, 3 drift with --fail-on drift, 4 too few
    images to say. With --each, drift in any window counts as drift.
    """
    from driftwheel.cli.comparison import print_comparison, print_comparisons
    from driftwheel.cli.dial import check_dial_options
    from driftwheel.cli.outputs import must_be_writable, write_json
    from driftwheel.profiles import read_profiles
    from driftwheel.services.check.compare_profiles import compare_profiles

    check_dial_options(false_alarms_per_year, windows_per_year)
    to_standard_output = json_file is not None and str(json_file) == "-"
    if json_file is not None and not to_standard_output:
        must_be_writable(json_file)
    profiles = read_profiles(current)
    found = compare_profiles(
        read_profiles(reference),
        profiles,
        each=each,
        false_alarms_per_year=false_alarms_per_year,
        windows_per_year=windows_per_year,
        seed=seed,
    )
    if json_file is not None:
        write_json(_document(profiles, found, each=each), json_file)
    if not to_standard_output:
        if each:
            print_comparisons(profiles, found)
        else:
            print_comparison(found[0].verdict, reference.name, current.name)
    worst = min((one.verdict.verdict for one in found), key=_WORST.index)
    raise typer.Exit(exit_code(worst, fail_on is FailOn.DRIFT))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(compare)


def _document(profiles: ProfileSet, found: tuple[Comparison, ...], *, each: bool) -> dict[str, Any]:
    """Return one answer as `check --json` writes it; with --each a list, one a window and segment."""
    from driftwheel.cli.comparison import comparison_answer
    from driftwheel.report.json_document import json_document

    documents = []
    for one in found:
        document = json_document(one.verdict)
        document["answer"] = comparison_answer(one.verdict)
        if each:
            start = None if one.key.start is None else one.key.start.isoformat()
            document |= {"start": start, "segment": dict(zip(profiles.by, one.key.segment, strict=True))}
        documents.append(document)
    return {"windows": documents} if each else documents[0]
