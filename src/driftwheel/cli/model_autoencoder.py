"""`driftwheel models set-autoencoder` and its kin: what shows how unlike the reference images are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

if TYPE_CHECKING:
    from driftwheel.store.autoencoders import StoredAutoencoder
    from driftwheel.store.references import Reference

__all__ = ["add_commands", "autoencoder_words", "remove_autoencoder", "set_autoencoder"]

_NAME = typer.Argument(metavar="NAME", help="The model's name.")
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
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.models import BY
    from driftwheel.errors import UsageError
    from driftwheel.services.clock import utc_now
    from driftwheel.services.set_autoencoder import set_autoencoder as keep
    from driftwheel.store.blobs import Blobs

    try:
        onnx = file.read_bytes()
    except OSError as error:
        raise UsageError(f"'{file}' cannot be read: {error.strerror or error}.") from None
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        keep(engine, kept, name, onnx, by=BY, now=utc_now())
    typer.echo(
        f"{name} has an autoencoder: images that come are shown to it. For those that came before:\n\n"
        f"  driftwheel models backfill {name} SINCE UNTIL"
    )


def remove_autoencoder(
    name: Annotated[str, _NAME],
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Let no autoencoder look at a model's images any more."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.models import BY
    from driftwheel.services.clock import utc_now
    from driftwheel.services.set_autoencoder import remove_autoencoder as remove

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        remove(engine, name, by=BY, now=utc_now())
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
    commands.command("remove-autoencoder")(remove_autoencoder)
