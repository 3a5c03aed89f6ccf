"""`driftwheel autoencoder`: train a network to show the reference, so that what it cannot show is noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["autoencoder", "register"]

_REFERENCE = typer.Argument(
    metavar="REFERENCE",
    help="Images the model was built on: a folder, glob, list file, archive, Parquet file or URL.",
)
_OUT = typer.Argument(metavar="OUT", help="The .onnx file to write.")
_SIDE = typer.Option("--side", help="Side in pixels that images are brought to; 8 to 512.")
_GREY = typer.Option("--grey/--colour", help="Look at brightness alone.")
_LATENT = typer.Option(
    "--latent", help="Numbers an image is squeezed through: fewer see more, and show less."
)
_EPOCHS = typer.Option(
    "--epochs",
    min=1,
    help="Times every image is learnt from, at most; by default 10 to 40, by how many there are.",
)
_NOISE = typer.Option(
    "--noise", help="Noise to take away while learning: standard deviation, a pixel in 0 to 1."
)
_FLIP = typer.Option("--flip", help="Also learn images mirrored left to right.")
_SHIFT = typer.Option("--shift", help="Also learn images moved by up to this share of the side.")
_BRIGHTNESS = typer.Option("--brightness", help="Also learn images up to this share brighter or darker.")
_SEARCH = typer.Option("--search", min=0, help="Short trainings that search the architecture first.")
_NAME_PATTERN = typer.Option(
    "--name-pattern", help="Time and tags from file names: '{camera}_{time:%Y%m%d_%H%M%S}'."
)
_TABLE = typer.Option("--table", help="Time and tags from a CSV file: image,time,…tags.")
_THREADS = typer.Option("--threads", min=1, help="Threads to compute with; all processors by default.")
_SEED = typer.Option("--seed", min=0, help="Seed of the split, the first weights, noise and the search.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


def autoencoder(
    reference: Annotated[str, _REFERENCE],
    out: Annotated[Path, _OUT],
    side: Annotated[int, _SIDE] = 64,
    grey: Annotated[bool, _GREY] = False,
    latent: Annotated[int, _LATENT] = 64,
    epochs: Annotated[int | None, _EPOCHS] = None,
    noise: Annotated[float, _NOISE] = 0.0,
    flip: Annotated[bool, _FLIP] = False,
    shift: Annotated[float, _SHIFT] = 0.0,
    brightness: Annotated[float, _BRIGHTNESS] = 0.0,
    search: Annotated[int, _SEARCH] = 0,
    name_pattern: Annotated[str | None, _NAME_PATTERN] = None,
    table: Annotated[str | None, _TABLE] = None,
    threads: Annotated[int | None, _THREADS] = None,
    seed: Annotated[int, _SEED] = 0,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Train an autoencoder on the reference, and keep it for 'driftwheel check --autoencoder OUT'.

    A fifth of the images is held out; their errors, which are what is usual, are kept in the file. Needs the
    extra 'train' and 100 images; a thousand images of 64 px take about a minute on two cores. Of a reference
    of more than 20,000 images so many are drawn, of pictures above 133 px in colour as many as take 1 GiB:
    1,365 of 512 px.
    """
    from driftwheel.cli.outputs import must_be_writable, writing
    from driftwheel.cli.progress import progress_bars
    from driftwheel.learning.autoencoder import open_autoencoder
    from driftwheel.learning.autoencoder_shape import shape_for
    from driftwheel.learning.autoencoder_training import AutoencoderTraining
    from driftwheel.services.check.train_autoencoder import train_autoencoder_on

    must_be_writable(out)
    shape = shape_for(side, colour=not grey, latent=latent)
    training = AutoencoderTraining(noise=noise, flip=flip, shift=shift, brightness=brightness)
    with progress_bars(progress) as on_progress:
        trained = train_autoencoder_on(
            reference,
            shape=shape,
            training=training,
            epochs=epochs,
            trials=search,
            name_pattern=name_pattern,
            table=table,
            threads=threads,
            seed=seed,
            on_progress=on_progress,
        )
    with writing(out):
        out.write_bytes(trained.model)
    facts = open_autoencoder(trained.model).facts
    if trained.searched is not None:
        levels = " × ".join(map(str, facts.shape.widths))
        typer.echo(
            f"Best of {len(trained.searched.trials)} architectures: channels {levels}, {facts.shape.latent} "
            f"latent numbers, learning rate {facts.training.learning_rate:.1e}."
        )
    drawn = f", drawn from {trained.seen:,}," if trained.seen > trained.n else ""
    typer.echo(
        f"Learnt from {facts.n_fit:,} of {trained.n:,} images{drawn} in {len(facts.stopping_losses)} epochs. "
        f"The {len(facts.held_out_errors):,} held out have an error of {facts.baseline:.4f} on average "
        f"(nats a pixel; loss {facts.held_out_loss:.4f}).\n"
        f"The network is in {out}. Hold current images against it:\n\n"
        f"  driftwheel check {reference} CURRENT --autoencoder {out}"
    )


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(autoencoder)
