"""`driftwheel show`: what a profile file holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from driftwheel.profiles import ProfileSet, PropertySummary

__all__ = ["register", "show"]

_FILE = typer.Argument(metavar="FILE", help="A profile file.")
_JSON = typer.Option("--json", help="Print JSON instead of tables.")

_MOST_PARTS = 20
_WIDE = 110
_NARROW = 72


def show(file: Annotated[Path, _FILE], as_json: Annotated[bool, _JSON] = False) -> None:
    """Show what a profile file holds: windows and segments, and every property of all images together."""
    from driftwheel.cli.outputs import write_json
    from driftwheel.profiles import read_profiles
    from driftwheel.profiles.profile_document import profile_document

    profiles = read_profiles(file)
    if as_json:
        write_json(profile_document(profiles), Path("-"))
        return
    from rich.console import Console

    from driftwheel.cli.printing import print_all

    console = Console()
    parts = _parts(profiles, file, wide=console.width >= _WIDE, gap=1 if console.width < _NARROW else 2)
    print_all(*parts, console=console)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(show)


def _parts(profiles: ProfileSet, file: Path, *, wide: bool, gap: int) -> list[RenderableType]:
    from rich.text import Text

    whole = profiles.whole()
    lines = [f"{file.name}: {whole.n:,} images, {whole.mode} mode, {file.stat().st_size:,} bytes"]
    if whole.first is not None and whole.last is not None:
        lines.append(f"from {whole.first:%Y-%m-%d %H:%M:%S} to {whole.last:%Y-%m-%d %H:%M:%S} UTC")
    if whole.unreadable:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in whole.unreadable.items())
        lines.append(f"{sum(whole.unreadable.values()):,} unreadable ({reasons})")
    if whole.embeddings is not None:
        projection = whole.embeddings.projection
        after = "" if projection is None else f" after projection {projection.id}"
        lines.append(
            f"embeddings of {whole.embeddings.count:,} images by {whole.embedder}, "
            f"{whole.embeddings.dimensions} dimensions{after}"
        )
    parts: list[RenderableType] = [Text("\n".join(lines)), Text()]
    if profiles.window is not None or profiles.by:
        parts += [_windows(profiles, gap), Text()]
    return [*parts, _numbers(whole.properties, gap, wide=wide), Text(), _categories(whole.properties, gap)]


def _table(*headings: str, left: int, gap: int) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, gap, 0, 0), show_edge=False, header_style="dim")
    for place, heading in enumerate(headings):
        words = place < left  # where it is narrow, words go over several lines, and numbers stay whole
        table.add_column(
            heading,
            justify="left" if words else "right",
            no_wrap=not words,
            overflow="fold" if words else "ellipsis",
        )
    return table


def _windows(profiles: ProfileSet, gap: int) -> Table:
    from rich.text import Text

    headings = [profiles.window or "time", *profiles.by]
    table = _table(*headings, "images", "unreadable", left=len(headings), gap=gap)
    for key, profile in list(profiles.profiles.items())[:_MOST_PARTS]:
        start = "–" if key.start is None else f"{key.start:%Y-%m-%d %H:%M}"
        segment = [Text("–" if value is None else value) for value in key.segment]
        table.add_row(start, *segment, f"{profile.n:,}", f"{sum(profile.unreadable.values()):,}")
    if len(profiles) > _MOST_PARTS:
        rest = list(profiles.profiles.values())[_MOST_PARTS:]
        lost = sum(sum(profile.unreadable.values()) for profile in rest)
        blanks = [""] * len(profiles.by)
        table.add_row(f"… {len(rest):,} more", *blanks, f"{sum(p.n for p in rest):,}", f"{lost:,}")
    return table


def _numbers(summaries: tuple[PropertySummary, ...], gap: int, *, wide: bool) -> Table:
    """At most 78 characters wide, so that nothing is cut off at 80; `wide` adds the extremes."""
    from driftwheel.profiles import mean, quantile, standard_deviation
    from driftwheel.report.numbers import quantity

    extremes = ("least", "most") if wide else ()
    table = _table("property", "n", "mean", "σ", "5 %", "median", "95 %", *extremes, left=1, gap=gap)
    for one in summaries:
        unit = one.definition.unit
        if one.definition.kind == "category":
            continue
        values = [mean(one), standard_deviation(one)]
        if one.definition.kind == "number":
            values += [quantile(one, share).value for share in (0.05, 0.5, 0.95)]
            values += [one.minimum, one.maximum] if wide else []
        title = one.definition.title + (f" ({unit})" if wide and unit not in ("", "share", "°") else "")
        shown = [quantity(value, unit if unit in ("share", "°") else "") for value in values]
        table.add_row(title, f"{one.count:,}", *shown)
    return table


def _categories(summaries: tuple[PropertySummary, ...], gap: int) -> Table:
    from driftwheel.report.numbers import share

    table = _table("category", "n", "shares", left=1, gap=gap)
    table.columns[2].justify = "left"
    table.columns[2].no_wrap = False
    for one in summaries:
        if one.definition.kind != "category":
            continue
        pairs = zip(one.definition.categories, one.counts, strict=True)
        shares = [f"{name} {share(float(count) / one.count)}" for name, count in pairs if count]
        table.add_row(one.definition.title, f"{one.count:,}", ", ".join(shares) or "–")
    return table
