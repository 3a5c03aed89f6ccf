"""Set the autoencoder of a model: a file that `driftwheel autoencoder` wrote, or none any more."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder import open_autoencoder
from driftwheel.services.alert.suggest_monitors import suggest_for_autoencoder
from driftwheel.services.crash_points import reach
from driftwheel.services.models.try_file import try_file
from driftwheel.store.engine.database import writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.autoencoders import StoredAutoencoder, create_autoencoder, remove_autoencoders
from driftwheel.store.models.models import Model, find_model, lock_model
from driftwheel.store.models.references import Reference, current_reference
from driftwheel.store.operate.audit import note
from driftwheel.store.windows.verdicts import mark_all_due

__all__ = ["check_autoencoder", "reference_to_learn", "remove_autoencoder", "set_autoencoder"]


def set_autoencoder(
    engine: Engine, blobs: Blobs, model: str, onnx: bytes, *, by: str, now: datetime
) -> StoredAutoencoder:
    """Let an autoencoder look at the images of a model from now on, and return it.

    It is kept with the reference in use: once that is another one, it counts no more. Images measured before
    are shown to it when they are measured again. With its first autoencoder a model gets a monitor for it.

    Raises
    ------
    UsageError
        When there is no such model, it has no reference, or the file is no autoencoder of ours.
    MissingExtraError
        Without onnxruntime.
    """
    check_autoencoder(onnx)
    artifact = blobs.put(onnx)
    reach("autoencoder-put")
    with writing(engine) as connection:
        found = find_model(connection, model)
        reference = reference_to_learn(connection, found)
        added = create_autoencoder(
            connection, found.key, reference=reference.key, artifact=artifact, created=now, by=by
        )
        lock_model(connection, found.key)
        suggest_for_autoencoder(connection, found, now=now)
        note(connection, now, by, "set autoencoder", found.name, {"file": artifact.hex()})
    if not blobs.exists(artifact):  # see Blobs.delete
        blobs.put(onnx)
    return added


def remove_autoencoder(engine: Engine, model: str, *, by: str, now: datetime) -> None:
    """Let no autoencoder look at the images of a model any more; its windows are judged again without.

    Raises
    ------
    UsageError
        When there is no such model, or it has none.
    """
    with writing(engine) as connection:
        found = find_model(connection, model)
        if not remove_autoencoders(connection, found.key):
            raise UsageError(f"The model '{model}' has no autoencoder.")
        mark_all_due(connection, found.key)
        note(connection, now, by, "remove autoencoder", found.name, {})


def check_autoencoder(onnx: bytes) -> None:
    """Raise `UsageError` unless a file is an autoencoder that errors can be told from.

    It is tried in a process of its own, see `try_file`; later it may only do what was tried: its operators
    are those of ours, which take as long for any image.
    """
    try_file(_try, onnx, shown="This autoencoder")


def _try(onnx: bytes) -> None:
    network = open_autoencoder(onnx)
    if network.facts.baseline == 0:
        raise UsageError(
            "This autoencoder cannot be used: it shows all held-out images without any error, so nothing can "
            "be so and so many per cent above that. Train one with fewer latent numbers."
        )
    shape = network.facts.shape
    blank = np.zeros((1, shape.side, shape.side, shape.channels), np.uint8)
    if not np.isfinite(network.errors(blank)).all():
        raise UsageError("This autoencoder cannot be used: what it answers is no number. Train it anew.")


def reference_to_learn(connection: Connection, model: Model) -> Reference:
    """Return the reference of a model that is in use; raise `UsageError` where there is none."""
    reference = current_reference(connection, model.key)
    if reference is None:
        raise UsageError(
            f"The model '{model.name}' has no reference that is ready, and an autoencoder belongs to one. "
            f"Set it first: driftwheel reference set {model.name} --folder IMAGES"
        )
    return reference
