"""`driftwheel check`: two sets of images in, an answer out."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.exit_codes import EXIT_ACCURACY, exit_code

if TYPE_CHECKING:
    from driftwheel.predictions import AccuracyEstimate

__all__ = ["FailOn", "check", "register"]

_REFERENCE = typer.Argument(
    metavar="REFERENCE",
    help="Images the model was built on: a folder, glob, list file, archive, Parquet file or URL.",
)
_CURRENT = typer.Argument(metavar="CURRENT", help="Images it sees now; the same kinds of source.")
_REPORT = typer.Option("--report", help="Write a self-contained HTML report to this file.")
_JSON = typer.Option("--json", help="Write the answer as JSON to this file ('-': standard output).")
_FAIL_ON = typer.Option("--fail-on", help="Exit with code 3 when there is drift.")
_EMBEDDER = typer.Option(
    "--embedder", help="auto, gist, efficientnet-lite0, none, or the path of an .onnx file."
)
_MODEL = typer.Option("--model", help="The monitored model, an .onnx file: its scores count as evidence.")
_CLASSES = typer.Option("--classes", help="Text file with the names of the model's classes, one a line.")
_TRUTH = typer.Option(
    "--truth",
    help="True classes of the reference's images, to estimate the model's accuracy: auto (folders called as "
    "its classes), folders, none, or a CSV (image,class) or JSON file.",
)
_OTHER_MODEL = typer.Option(
    "--other-model",
    help="Another version of the model, an .onnx file; twice or more: how often all agree tells of the "
    "accuracy too.",
)
_LEAST_ACCURACY = typer.Option(
    "--least-accuracy",
    min=0.0,
    max=1.0,
    help="Exit with code 5 when the model is right less often, by the whole interval: 0.9 for 90 %.",
)
_AUTOENCODER = typer.Option(
    "--autoencoder",
    help="A network trained on the reference by 'driftwheel autoencoder': its errors count too.",
)
_FAST = typer.Option("--fast", help="Reduced decode wherever a property allows it; quicker, nearly as exact.")
_DIAGNOSIS = typer.Option(
    "--diagnosis/--no-diagnosis", help="On drift, look for the camera fault that explains it."
)
_FALSE_ALARMS = typer.Option("--false-alarms-per-year", help="How many false alarms a year are acceptable.")
_WINDOWS = typer.Option("--windows-per-year", help="How often such a check is made: 365 for daily.")
_NAME_PATTERN = typer.Option(
    "--name-pattern", help="Time and tags from file names: '{camera}_{time:%Y%m%d_%H%M%S}'."
)
_TABLE = typer.Option("--table", help="Time and tags from a CSV file: image,time,…tags.")
_THREADS = typer.Option("--threads", min=1, help="Images worked on at once; all processors by default.")
_SEED = typer.Option("--seed", min=0, help="Seed of the permutations and simulated faults.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


class FailOn(StrEnum):
    """What makes the command exit with a code other than 0."""

    DRIFT = "drift"


def check(
    reference: Annotated[str, _REFERENCE],
    current: Annotated[str, _CURRENT],
    report: Annotated[Path | None, _REPORT] = None,
    json_file: Annotated[Path | None, _JSON] = None,
    fail_on: Annotated[FailOn | None, _FAIL_ON] = None,
    embedder: Annotated[str, _EMBEDDER] = "auto",
    model: Annotated[Path | None, _MODEL] = None,
    classes: Annotated[Path | None, _CLASSES] = None,
    truth: Annotated[str, _TRUTH] = "auto",
    other_model: Annotated[list[Path] | None, _OTHER_MODEL] = None,
    least_accuracy: Annotated[float | None, _LEAST_ACCURACY] = None,
    autoencoder: Annotated[Path | None, _AUTOENCODER] = None,
    fast: Annotated[bool, _FAST] = False,
    diagnosis: Annotated[bool, _DIAGNOSIS] = True,
    false_alarms_per_year: Annotated[float, _FALSE_ALARMS] = 1.0,
    windows_per_year: Annotated[float, _WINDOWS] = 365.0,
    name_pattern: Annotated[str | None, _NAME_PATTERN] = None,
    table: Annotated[str | None, _TABLE] = None,
    threads: Annotated[int | None, _THREADS] = None,
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Say whether the current images differ from the reference, how, and what happened to the camera.

    Exit codes: 0 no drift (or drift without --fail-on), 1 error, 3 drift with --fail-on drift, 4 too few
    images to say, 5 the accuracy is below --least-accuracy (4 goes before 5, and 5 before 3).
    """
    from driftwheel.cli.dial import check_dial_options
    from driftwheel.cli.outputs import must_be_writable, write_json, write_text
    from driftwheel.cli.progress import progress_bars
    from driftwheel.cli.unreadable import print_unreadable
    from driftwheel.errors import UsageError
    from driftwheel.report.html import html_report
    from driftwheel.report.json_document import json_document
    from driftwheel.report.terminal import print_check
    from driftwheel.services.check.check_images import check_images

    if least_accuracy is not None and model is None:
        raise UsageError("--least-accuracy is held against the accuracy of a model; give --model too.")
    check_dial_options(false_alarms_per_year, windows_per_year)
    to_standard_output = json_file is not None and str(json_file) == "-"
    for path in (report, None if to_standard_output else json_file):
        if path is not None:
            must_be_writable(path)
    with progress_bars(progress) as on_progress:
        checked = check_images(
            reference,
            current,
            embedder=embedder,
            mode="fast" if fast else "exact",
            diagnose=diagnosis,
            false_alarms_per_year=false_alarms_per_year,
            windows_per_year=windows_per_year,
            name_pattern=name_pattern,
            table=table,
            model=model,
            classes=classes,
            truth=truth,
            other_models=other_model or (),
            autoencoder=autoencoder,
            threads=threads,
            seed=seed,
            on_progress=on_progress,
        )
    if report is not None:
        write_text(html_report(checked, made=datetime.now(UTC)), report)
    if json_file is not None:
        write_json(json_document(checked.verdict), json_file)
    if not to_standard_output:
        print_check(checked)
        print_unreadable(checked.verdict)
        if report is not None:
            typer.echo(f"Report: {report}")
    if least_accuracy is not None and checked.verdict.accuracy is None:
        raise UsageError(
            "--least-accuracy cannot be held: no truth of the reference is known. Sort its images into "
            "folders called as the model's classes, or give --truth."
        )
    code = exit_code(checked.verdict.verdict, fail_on is FailOn.DRIFT)
    found = checked.verdict.accuracy
    if checked.verdict.verdict != "insufficient" and _is_below(found, least_accuracy):
        code = EXIT_ACCURACY
    raise typer.Exit(code)


def _is_below(found: AccuracyEstimate | None, least: float | None) -> bool:
    if least is None or found is None or found.high is None:
        return False
    return found.told and found.high < least


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(check)
