"""`driftwheel compare`: drift from profile files alone, for places that pixels must not leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwheel.cli.check import FailOn
from driftwheel.cli.exit_codes import exit_code

if TYPE_CHECKING:
    from rich.table import Table

    from driftwheel.drift.verdict import Verdict
    from driftwheel.profiles import ProfileSet
    from driftwheel.services.compare_profiles import Comparison

__all__ = ["compare", "register"]

_REFERENCE = typer.Argument(metavar="REFERENCE", help="Profile file of the images the model was built on.")
_CURRENT = typer.Argument(metavar="CURRENT", help="Profile file of the images it sees now.")
_JSON = typer.Option("--json", help="Write the answer as JSON to this file ('-': standard output).")
_FAIL_ON = typer.Option("--fail-on", help="Exit with code 3 when there is drift.")
_EACH = typer.Option("--each", help="Compare every window and segment of the current file by itself.")
_FALSE_ALARMS = typer.Option("--false-alarms-per-year", help="How many false alarms a year are acceptable.")
_WINDOWS = typer.Option("--windows-per-year", help="How often such a comparison is made: 365 for daily.")
_SEED = typer.Option("--seed", min=0, help="Seed of the replayed reference windows.")

_ROWS = 8
_COLOURS = {"drift": "bold red", "no_drift": "bold green", "insufficient": "bold yellow"}
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
    from driftwheel.cli.outputs import must_be_writable, write_json
    from driftwheel.profiles import read_profiles
    from driftwheel.services.compare_profiles import compare_profiles

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
        _print(profiles, found, each=each)
    worst = min((one.verdict.verdict for one in found), key=_WORST.index)
    raise typer.Exit(exit_code(worst, fail_on is FailOn.DRIFT))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(compare)


def _answer(verdict: Verdict) -> str:
    from driftwheel.report.numbers import several

    images = several(verdict.n_current, "current image")
    if verdict.verdict == "insufficient":
        needed = several(verdict.images_needed, "more image is", "more images are")
        return f"{images}, {several(verdict.n_reference, 'reference image')}; at least {needed} needed."
    how = "differ from" if verdict.verdict == "drift" else "are like"
    reference = several(verdict.n_reference, "reference image")
    return f"the {images} {how} the {reference}, by their profiles alone."


def _document(profiles: ProfileSet, found: tuple[Comparison, ...], *, each: bool) -> dict[str, Any]:
    """Return one answer as `check --json` writes it; with --each a list, one a window and segment."""
    from driftwheel.report.json_document import json_document
    from driftwheel.report.sentence import answer_word

    documents = []
    for one in found:
        document = json_document(one.verdict)
        document["answer"] = f"{answer_word(one.verdict)}: {_answer(one.verdict)}"
        if each:
            start = None if one.key.start is None else one.key.start.isoformat()
            document |= {"start": start, "segment": dict(zip(profiles.by, one.key.segment, strict=True))}
        documents.append(document)
    return {"windows": documents} if each else documents[0]


def _print(profiles: ProfileSet, found: tuple[Comparison, ...], *, each: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from driftwheel.report.sentence import answer_word

    console = Console()
    if each:
        console.print(_windows(profiles, found))
        return
    verdict = found[0].verdict
    headline = Text(f"{answer_word(verdict)}:", style=_COLOURS[verdict.verdict])
    console.print(headline.append(f" {_answer(verdict)}", style="not bold default"))
    if verdict.properties:
        console.print(Text(), Padding(_properties(verdict), (0, 0, 0, 2)), Text(), sep="\n")
    if verdict.embedding is not None:
        from driftwheel.report.numbers import p_statement

        one = verdict.embedding
        drifted = ", drifted" if one.drifted else ""
        line = f"  embeddings  {one.embedder}: {p_statement(one.p_value)}, Fréchet {one.effect:.3g} "
        console.print(Text(f"{line}(limit {one.threshold:.3g}){drifted}"))
    for note in verdict.notes:
        console.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))


def _properties(verdict: Verdict) -> Table:
    from rich.table import Table
    from rich.text import Text

    from driftwheel.report.numbers import p_value, quantity_pair
    from driftwheel.report.property_words import property_words
    from driftwheel.report.sentence import effect_size

    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    table.add_column("  property", no_wrap=True)
    for heading in ("reference", "current", "effect", "limit", "KS", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    drifted = sum(one.drifted for one in verdict.properties)
    for one in verdict.properties[: max(drifted, _ROWS)]:
        words = property_words(one.name)
        unit = words.unit if words.unit in ("share", "°") else ""
        before, after = quantity_pair(one.reference_mean, one.current_mean, unit)
        gap = "–" if one.wasserstein_sigmas is None else f"{one.statistic:.2f}…{_upper(one):.2f}"
        texts = (before, after, effect_size(one), effect_size(one, one.threshold), gap, p_value(one.p_value))
        style = "bold" if one.drifted else "dim"
        name = Text("● " if one.drifted else "  ", style="red").append(words.title, style=style)
        table.add_row(name, *(Text(text, style=style) for text in texts))
    return table


def _upper(one: Any) -> float:
    """Return the largest that the KS statistic of the images themselves can be."""
    return min(1.0, float(one.statistic + one.statistic_error))


def _windows(profiles: ProfileSet, found: tuple[Comparison, ...]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from driftwheel.report.numbers import p_value
    from driftwheel.report.property_words import property_words
    from driftwheel.report.sentence import answer_word

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for heading in (profiles.window or "time", *profiles.by):
        table.add_column(heading, no_wrap=True)
    table.add_column("images", justify="right")
    table.add_column("verdict", no_wrap=True)
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("drifted most")
    for one in found:
        verdict = one.verdict
        start = "–" if one.key.start is None else f"{one.key.start:%Y-%m-%d %H:%M}"
        segment = [Text("–" if value is None else value) for value in one.key.segment]
        named = [property_words(drift.name).title for drift in verdict.properties if drift.drifted][:3]
        table.add_row(
            start,
            *segment,
            f"{verdict.n_current:,}",
            Text(answer_word(verdict), style=_COLOURS[verdict.verdict]),
            "–" if verdict.verdict == "insufficient" else p_value(verdict.p_value),
            ", ".join(named),
        )
    return table
