"""`driftwheel models set-autoencoder` and its kin: what shows how unlike the reference images are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.store.models.autoencoders import StoredAutoencoder
    from driftwheel.store.models.references import Reference

__all__ = [
    "add_commands",
    "autoencoder_words",
    "remove_autoencoder",
    "set_autoencoder",
    "train_autoencoder",
]

_NAME = typer.Argument(metavar="NAME", help="The model's name.")
_SIDE = typer.Option("--side", help="Side in pixels that images are brought to; 8 to 512.")
_GREY = typer.Option("--grey/--colour", help="Look at brightness alone.")
_LATENT = typer.Option("--latent", help="Numbers an image is squeezed through: fewer see more, show less.")
_NOISE = typer.Option("--noise", help="Noise to take away while learning: standard deviation, pixels in 0…1.")
_FLIP = typer.Option("--flip", help="Also learn images mirrored left to right.")
_FILE = typer.Argument(metavar="FILE", help="An .onnx file that 'driftwheel autoencoder' wrote.")


def set_autoencoder(
    name: Annotated[str, _NAME],
    file: Annotated[Path, _FILE],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Let an autoencoder look at a model's images: how unlike the reference in use they are.

    It should have been trained on that reference. Images measured before are shown to it by
    'driftwheel models backfill'.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.errors import UsageError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.models.set_autoencoder import set_autoencoder as keep
    from driftwheel.store.files.blobs import Blobs

    try:
        onnx = file.read_bytes()
    except OSError as error:
        raise UsageError(f"'{file}' cannot be read: {error.strerror or error}.") from None
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        keep(engine, kept, name, onnx, by=acting_user(), now=utc_now())
    typer.echo(
        f"{name} has an autoencoder: images that come are shown to it. For those that came before:\n\n"
        f"  driftwheel models backfill {name} SINCE UNTIL"
    )


def train_autoencoder(
    name: Annotated[str, _NAME],
    side: Annotated[int, _SIDE] = 64,
    grey: Annotated[bool, _GREY] = False,
    latent: Annotated[int, _LATENT] = 64,
    noise: Annotated[float, _NOISE] = 0.0,
    flip: Annotated[bool, _FLIP] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Let a worker train an autoencoder on a model's reference, and then look at its images.

    The worker needs the extra 'train'; a reference of a thousand images takes it a minute or two.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.models.train_model_autoencoder import AutoencoderWish, ask_for_autoencoder

    wish = AutoencoderWish(side, not grey, latent, noise, flip)
    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        ask_for_autoencoder(engine, name, wish, by=acting_user(), now=utc_now())
    typer.echo(f"A worker will train it. How far it is: driftwheel models show {name}")


def remove_autoencoder(
    name: Annotated[str, _NAME],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Let no autoencoder look at a model's images any more."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.services.clock import utc_now
    from driftwheel.services.models.set_autoencoder import remove_autoencoder as remove

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        remove(engine, name, by=acting_user(), now=utc_now())
    typer.echo(f"{name} has no autoencoder any more.")


def autoencoder_words(known: Sequence[StoredAutoencoder], reference: Reference | None) -> str:
    """Return what a line says of the autoencoders of a model, the newest first."""
    newest = next((one for one in known if one.state != "removed"), None)
    if newest is None:
        return "none"
    if newest.state == "failed":
        return f"training failed: {newest.reason}"
    earlier = reference is None or reference.key != newest.reference
    trained = ", trained on an earlier reference" if earlier else ""
    state = "in training, " if newest.state == "training" else ""
    return f"{state}{newest.created:%Y-%m-%d}{trained}"


def add_commands(commands: typer.Typer) -> None:
    """Add the commands to `driftwheel models`."""
    commands.command("set-autoencoder")(set_autoencoder)
    commands.command("train-autoencoder")(train_autoencoder)
    commands.command("remove-autoencoder")(remove_autoencoder)
