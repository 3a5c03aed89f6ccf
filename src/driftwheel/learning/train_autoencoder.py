"""Train an autoencoder on a reference, and keep it with the errors that are usual for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.autoencoder import Autoencoder, open_autoencoder
from driftwheel.learning.autoencoder_facts import METADATA_KEY, AutoencoderFacts, facts_to_json
from driftwheel.learning.autoencoder_network import import_torch, write_network
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining
from driftwheel.learning.fit_network import fit_network
from driftwheel.learning.reference_split import ReferenceSplit, split_reference

__all__ = ["train_autoencoder"]


def train_autoencoder(
    pictures: NDArray[np.uint8],
    *,
    shape: AutoencoderShape,
    training: AutoencoderTraining,
    seed: int,
    reference: str = "",
    groups: NDArray[np.intp] | None = None,
    split: ReferenceSplit | None = None,
    tags: Mapping[str, Sequence[str | None]] | None = None,
    threads: int = 1,
    on_progress: Callable[[int], None] | None = None,
) -> bytes:
    """Train on a part of the reference, measure the part held out, and return the ONNX file of it all.

    The same arguments give the same bytes on the same machine with the same torch and number of threads.

    Parameters
    ----------
    pictures
        (n, side, side, channels) uint8 as `autoencoder.prepare_picture` gives them, n from 100.
    reference
        What the images are called.
    groups, split
        See `reference_split.split_reference`; a split that is given is used as it is.
    tags
        Name of a tag → its values of the n pictures, so that windows of one segment can be tested.
    threads
        That torch and onnxruntime compute with.
    on_progress
        Receives the number of pictures just learnt from: in all, at most the epochs times the pictures.

    Returns
    -------
    bytes
        For `autoencoder.open_autoencoder`.

    Raises
    ------
    MissingExtraError
        Without torch, onnx or onnxruntime: the extra ``train``.
    UsageError
        With fewer than 100 pictures, of another shape, or when the training comes apart.
    """
    import_torch()  # before anything takes long
    parts = split
    if parts is None:
        parts = split_reference(len(pictures), rng=np.random.default_rng([seed, 4]), groups=groups)
    fitted = fit_network(
        pictures[parts.fit],
        pictures[parts.stopping],
        shape=shape,
        training=training,
        seed=seed,
        threads=threads,
        on_progress=on_progress,
    )
    facts = AutoencoderFacts(
        shape=shape,
        training=training,
        seed=seed,
        reference=reference,
        n_fit=len(parts.fit),
        n_stopping=len(parts.stopping),
        stopping_losses=fitted.stopping_losses,
        held_out_errors=np.zeros(len(parts.held_out)),
        held_out_loss=0.0,
        held_out_blocks=None if groups is None else groups[parts.held_out],
        held_out_tags={
            name: tuple(values[i] for i in parts.held_out) for name, values in (tags or {}).items()
        },
    )

    def written(these: AutoencoderFacts) -> bytes:
        return write_network(shape, fitted.weights, {METADATA_KEY: facts_to_json(these)})

    # measured by what will measure current images, so that no difference between the two is taken for drift
    network: Autoencoder = open_autoencoder(written(facts), threads=threads)
    held_out = pictures[parts.held_out]
    losses = network.losses(held_out)
    return written(
        replace(facts, held_out_errors=network.errors(held_out), held_out_loss=float(losses.mean()))
    )
