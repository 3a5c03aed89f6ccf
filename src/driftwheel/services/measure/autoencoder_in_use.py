"""The autoencoder of a model that is in use, and its network, read from the blobs once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError
from driftwheel.learning.autoencoder import Autoencoder, open_autoencoder
from driftwheel.services.measure.parallel import default_threads
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.autoencoders import StoredAutoencoder, current_autoencoder

__all__ = ["AutoencoderInUse", "autoencoder_in_use", "read_autoencoder"]

_MOST = 16  # networks at hand, of some 5 MB each
_log = logging.getLogger("driftwheel.worker")
_told: set[tuple[int, str]] = set()


@dataclass(frozen=True, slots=True, eq=False)
class AutoencoderInUse:
    """An autoencoder that looks at the images of a model.

    Attributes
    ----------
    stored
        The row.
    network
        What it names, with the errors that are usual for it.
    """

    stored: StoredAutoencoder
    network: Autoencoder


def autoencoder_in_use(connection: Connection, blobs: Blobs, model: int) -> AutoencoderInUse | None:
    """Return the newest autoencoder of a model's key that is ready; None without one.

    None as well where its file is lost or cannot be run here, of which the log tells: nothing has to wait for
    it.

    Raises
    ------
    OSError
        When the blobs cannot be read now.
    """
    stored = current_autoencoder(connection, model)
    if stored is None or stored.artifact is None:
        return None
    try:
        return AutoencoderInUse(stored, read_autoencoder(blobs, stored.artifact))
    except (DriftwheelError, FileNotFoundError) as error:
        if (stored.key, str(error)) not in _told:  # once, and not with every burst of records
            _told.add((stored.key, str(error)))
            _log.warning("The autoencoder of model %d is not used: %s", model, error)
        return None


@lru_cache(maxsize=_MOST)
def read_autoencoder(blobs: Blobs, artifact: bytes) -> Autoencoder:
    """Return the autoencoder with that digest; it is kept at hand, for it never changes.

    Raises
    ------
    FileNotFoundError
        When it is lost.
    UsageError, MissingExtraError
        When it cannot be run here.
    """
    return open_autoencoder(blobs.get(artifact), threads=default_threads())
