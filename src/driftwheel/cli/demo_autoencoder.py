"""`driftwheel demo autoencoder`: the published experiment on reconstruction drift, repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register_autoencoder"]

_DATA = typer.Option(
    "--data", help="Folder with the folders mnist and notmnist, each of IDX files (….gz or unpacked)."
)
_OUT = typer.Option("--out", help="Keep the trained network in this .onnx file.")
_EPOCHS = typer.Option("--epochs", min=1, help="Times every image is learnt from, at most.")
_IMAGES = typer.Option("--images", min=1000, help="Use only so many training images; all by default.")
_DRAWS = typer.Option("--draws", min=1, help="Windows that false alarms and power are counted on, each.")
_THREADS = typer.Option("--threads", min=1, help="Threads to compute with; all processors by default.")
_SEED = typer.Option("--seed", min=0, help="Seed of the split, the first weights, the noise and the windows.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")

_LOSS = "{:<47}  {:>6}  {:>8}  {:>9}  {:>14}"
_RATE = "{:<20}  {:>9}  {:>9}  {:>11}  {:>6}"


def _autoencoder(
    data: Annotated[Path, _DATA],
    out: Annotated[Path | None, _OUT] = None,
    epochs: Annotated[int, _EPOCHS] = 8,
    images: Annotated[int | None, _IMAGES] = None,
    draws: Annotated[int, _DRAWS] = 1000,
    threads: Annotated[int | None, _THREADS] = None,
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Train an autoencoder on MNIST with noise, and see whether it notices notMNIST.

    Prints the loss beside the published one, and how often windows of 20 images are told from the reference.
    Needs the extra 'train'. Takes about five minutes on two cores.
    """
    from driftwheel.cli.outputs import must_be_writable, writing
    from driftwheel.cli.progress import progress_bars
    from driftwheel.demo.autoencoder import ALPHAS, repeat_experiment
    from driftwheel.services.measure.parallel import default_threads

    if out is not None:
        must_be_writable(out)
    with progress_bars(progress) as on_progress:
        done = repeat_experiment(
            data,
            seed=seed,
            epochs=epochs,
            images=images,
            draws=draws,
            threads=threads or default_threads(),
            on_progress=on_progress,
        )
    typer.echo(
        f"Trained on {done.n_fit:,} images, {done.epochs} times each, in {done.seconds:.0f} s with "
        f"{done.threads} thread{'' if done.threads == 1 else 's'}.\n"
    )
    typer.echo(
        _LOSS.format("binary cross-entropy, nats a pixel", "loss", "change", "published", "against itself")
    )
    baseline = done.losses[0].loss
    for one in done.losses:
        change = "baseline" if one is done.losses[0] else f"{one.loss / baseline - 1:+.1%}"
        published = "–" if one.published is None else f"{one.published:.4f}"
        typer.echo(_LOSS.format(one.name, f"{one.loss:.4f}", change, published, f"{one.against_itself:.4f}"))
    typer.echo(
        "\nAgainst itself: the network's answer held against the answer, which is how the published figures\n"
        "after the first were made; it says how unsure the network is, not how wrong.\n"
    )
    heads = [f"p ≤ {alpha:g}" for alpha in ALPHAS]
    typer.echo(_RATE.format(f"{draws:,} windows of {done.rates[0].n}", *heads, "drift"))
    for rate in done.rates:
        shares = [f"{share:.1%}" for share in (*rate.significant, rate.drifted)]
        typer.echo(_RATE.format(rate.name, *shares))
    if out is not None:
        with writing(out):
            out.write_bytes(done.model)
        typer.echo(f"\nThe network is in {out}.")


def register_autoencoder(commands: typer.Typer) -> None:
    """Add the command to the group `driftwheel demo`."""
    commands.command("autoencoder")(_autoencoder)
