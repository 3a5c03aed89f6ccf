"""`driftwheel demo`: a week of images with a camera fault in it, checked day by day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from driftwheel.drift.verdict import PropertyDrift, Verdict

__all__ = ["demo", "register"]

_ROW = "{:<5} {:>6}  {:<12} {:>8}  {:<28} {:<34} {:>7}"


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the images and answers; new, or one that the demo made.")
    ] = Path("driftwheel-demo"),
    embedder: Annotated[
        str,
        typer.Option(
            "--embedder", help="auto, gist, efficientnet-lite0, none, or the path of an .onnx file."
        ),
    ] = "auto",
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Worker threads; all processors by default.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the week: which images, and the fault.")] = 0,
    progress: Annotated[
        bool, typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")
    ] = True,
) -> None:
    """Check a week of textile images, in which a camera goes out of focus from day 4 on, day by day.

    Needs the extra 'demo', which brings the images. Takes a minute or two.
    """
    from driftwheel.cli.progress import progress_bars
    from driftwheel.demo.run_demo import run_demo

    typer.echo(
        f"A week on a weaving line, two cameras; the right one goes out of focus from day 4 on. Files: {out}/"
    )
    typer.echo("")
    typer.echo(
        _ROW.format("day", "images", "verdict", "p-value", "strongest property", "diagnosis", "seconds")
    )
    first = None
    with progress_bars(progress) as on_progress:
        for day in run_demo(out, embedder=embedder, threads=threads, seed=seed, on_progress=on_progress):
            verdict = day.check.verdict
            typer.echo(
                _ROW.format(
                    day.day,
                    verdict.n_current,
                    verdict.verdict.replace("_", " "),
                    f"{verdict.p_value:.2g}",
                    strongest(verdict.properties),
                    diagnosed(verdict),
                    f"{day.check.seconds:.1f}",
                ).rstrip()
            )
            first = first or (day if day.report else None)
    typer.echo("")
    if first is None:
        typer.echo(
            "No day shows drift, though days 4 to 7 should: please tell us, with the seed and the embedder."
        )
        return
    typer.echo(f"Day {first.day} is the first with drift. What changed, and the images that show it:")
    typer.echo(f"  open {first.report}")
    typer.echo("Then look at another day, or at images of your own:")
    typer.echo(f"  driftwheel check {out}/reference {out}/day-7 --report day-7.html")
    typer.echo("  driftwheel check REFERENCE CURRENT --report report.html")


def strongest(properties: tuple[PropertyDrift, ...]) -> str:
    """Return the property with the strongest evidence, which way it moved, and by how much."""
    if not properties:
        return ""
    one = properties[0]
    if one.wasserstein_sigmas is None:
        return f"{one.name} {one.effect:.0%}"
    before, after = one.reference_mean or 0.0, one.current_mean or 0.0
    return f"{one.name} {'up' if after > before else 'down'} {one.wasserstein_sigmas:.2f} σ"


def diagnosed(verdict: Verdict) -> str:
    """Return the fault that explains the change best, or else the kind of change; empty without drift."""
    if not verdict.diagnosis:
        return verdict.kind or ""
    found = verdict.diagnosis[0]
    severity = "" if found.severity is None else f" severity {found.severity},"
    return f"{found.fault},{severity} {found.share:.0%} of images"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(demo)
