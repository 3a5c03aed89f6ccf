"""Say of the autoencoders of a model which is in use, what it was trained on, and what is usual for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError
from driftwheel.learning.autoencoder_facts import AutoencoderFacts
from driftwheel.services.measure.autoencoder_in_use import read_autoencoder
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.autoencoders import StoredAutoencoder, list_autoencoders
from driftwheel.store.models.references import current_reference

__all__ = ["AutoencoderDescription", "describe_autoencoders"]


@dataclass(frozen=True, slots=True, eq=False)
class AutoencoderDescription:
    """What is known of an autoencoder.

    Attributes
    ----------
    facts
        What its file says; None without one that can be opened here.
    in_use
        Whether it looks at the images that come.
    is_earlier
        Whether the reference is another one by now than the one it is kept with, so that it does not count.
    """

    stored: StoredAutoencoder
    facts: AutoencoderFacts | None
    in_use: bool
    is_earlier: bool


def describe_autoencoders(connection: Connection, blobs: Blobs, model: int) -> list[AutoencoderDescription]:
    """Return the autoencoders of a model's key, but for those that were removed, the newest first."""
    reference = current_reference(connection, model)
    found: list[AutoencoderDescription] = []
    for one in list_autoencoders(connection, model):
        if one.state == "removed":
            continue
        in_use = one.state == "ready" and not any(each.in_use for each in found)
        is_earlier = reference is None or reference.key != one.reference
        found.append(AutoencoderDescription(one, _facts(blobs, one.artifact), in_use, is_earlier))
    return found


def _facts(blobs: Blobs, artifact: bytes | None) -> AutoencoderFacts | None:
    try:
        return None if artifact is None else read_autoencoder(blobs, artifact).facts
    except (DriftwheelError, FileNotFoundError):
        return None
