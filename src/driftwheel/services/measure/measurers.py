"""How the images of each model are measured: by its embedder, into its reference's space, beside that.

And by its autoencoder, where it has one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from driftwheel.drift.outliers import outliers
from driftwheel.errors import IncomparableError
from driftwheel.learning.embedder import Embedder
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Records
from driftwheel.services.measure.autoencoder_in_use import AutoencoderInUse, autoencoder_in_use
from driftwheel.services.measure.embedding_space import EmbeddingSpace, fixed_space
from driftwheel.services.measure.measured_reference import unpack_reference
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.models.references import Reference, current_reference

__all__ = ["BANK", "Measurer", "Measurers", "embedder_for"]

BANK = 2000
"""Records of the reference that each image is held against for its outlier p-value."""

_BY_IDENTITY = {"gist-": "gist", "efficientnet-lite0-": "efficientnet-lite0"}


@dataclass(frozen=True, slots=True, eq=False)
class Measurer:
    """How one model's images are measured.

    Attributes
    ----------
    model
        As it was when this was made.
    embedder, space
        None for a model without an embedder.
    bank
        Records of the reference; None without one.
    autoencoder
        None without one that can be used.
    """

    model: Model
    embedder: Embedder | None
    space: EmbeddingSpace | None
    bank: Records | None
    autoencoder: AutoencoderInUse | None = None

    def outlier_p(self, found: Records) -> dict[str, float]:
        """Return the p-value of each image of `found`, by its name; nothing without a reference.

        The value of an image does not depend on the others in `found`.
        """
        if self.bank is None or len(found) == 0:
            return {}
        return {one.image: one.p_value for one in outliers(self.bank, found)}


class Measurers:
    """The measurers of all models, made anew when a model or its reference changes; threads share it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._known: dict[int, tuple[tuple[object, ...], Measurer]] = {}
        self._lock = threading.Lock()

    def of(self, connection: Connection, model: int) -> Measurer | None:
        """Return the measurer of a model's key, None where the model is no longer there.

        Raises
        ------
        UsageError
            When its embedder cannot be used here.
        FileNotFoundError, ProfileFormatError
            When the artifact of its reference is lost or damaged.
        OSError
            When the blobs cannot be read now.
        """
        found = model_by_key(connection, model)
        if found is None:
            return None
        reference = current_reference(connection, model)
        autoencoder = autoencoder_in_use(connection, self._blobs, model)
        stamp = (
            found,
            None if reference is None else (reference.key, reference.artifact),
            None if autoencoder is None else autoencoder.stored.key,
        )
        with self._lock:
            held = self._known.get(model)
            if held is None or held[0] != stamp:
                made = replace(self._make(found, reference), autoencoder=autoencoder)
                held = self._known[model] = (stamp, made)
            return held[1]

    def _make(self, model: Model, reference: Reference | None) -> Measurer:
        if reference is None or reference.artifact is None:
            embedder = load_embedder(model.embedder)
            return Measurer(model, embedder, None if embedder is None else fixed_space(embedder), None)
        measured = unpack_reference(self._blobs.get(reference.artifact))
        space, sample = measured.space, measured.sample
        embedder = None if space is None else embedder_for(space.embedder, model.embedder)
        return Measurer(model, embedder, space, sample.take(np.arange(min(BANK, len(sample)))))


def embedder_for(identity: str, setting: str) -> Embedder:
    """Return the embedder of an identity, as a reference names it; `setting` is the model's own.

    Raises
    ------
    IncomparableError
        When the setting gives another.
    """
    known = next((name for prefix, name in _BY_IDENTITY.items() if identity.startswith(prefix)), setting)
    embedder = load_embedder(known)
    if embedder is None or embedder.identity != identity:
        raise IncomparableError(
            f"The reference was measured with the embedder '{identity}', the model's embedder is now "
            f"'{known}' ({'none' if embedder is None else embedder.identity}). Set the reference again."
        )
    return embedder
