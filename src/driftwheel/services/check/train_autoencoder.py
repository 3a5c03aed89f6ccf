"""Train an autoencoder on a reference: images in, an ONNX file out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from driftwheel.learning.autoencoder import prepare_picture
from driftwheel.learning.autoencoder_network import import_torch
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining, epochs_for
from driftwheel.learning.search_autoencoder import SearchedAutoencoder, search_autoencoder
from driftwheel.learning.train_autoencoder import train_autoencoder
from driftwheel.services.check.checked_options import checked_seed, checked_threads
from driftwheel.services.check.measure_reference import Images
from driftwheel.services.measure.parallel import default_threads
from driftwheel.services.measure.prepare_pictures import prepare_pictures
from driftwheel.services.progress import OnProgress, counting
from driftwheel.sources import open_source

__all__ = ["MOST_IMAGES", "TrainedAutoencoder", "train_autoencoder_on"]

MOST_IMAGES = 20_000
"""Of a larger reference so many images are used, drawn at random; of large pictures 1 GiB."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedAutoencoder:
    """The file, how many images were used, of how many, and what was searched, if anything."""

    model: bytes
    n: int
    seen: int
    searched: SearchedAutoencoder | None


def train_autoencoder_on(
    reference: Images,
    *,
    shape: AutoencoderShape,
    training: AutoencoderTraining,
    epochs: int | None = None,
    trials: int = 0,
    name_pattern: str | None = None,
    table: str | None = None,
    threads: int | None = None,
    seed: int = 0,
    called: str | None = None,
    apart: bool = False,
    on_progress: OnProgress | None = None,
) -> TrainedAutoencoder:
    """Train an autoencoder on the images a model was built on.

    A part of them is held out, whole hours and cameras where times or tags are known, and its errors are
    kept in the file.

    Parameters
    ----------
    reference, name_pattern, table
        See `driftwheel.sources.open_source`.
    epochs
        In place of those of `training`; None for as many as suit the number of images, see `epochs_for`.
    trials
        Short trainings that search the architecture and learning rate before; 0 takes `shape` as it is.
    threads
        Images decoded at once, and threads to train with; by default as many as there are processors.
    called
        What the file calls the images; by default as the source is described.
    apart
        This runs in a process of its own already: images are decoded in threads, and in no more processes.

    Raises
    ------
    UsageError
        For an option that cannot be used, and with fewer than 100 images that can be read.
    SourceError
        When the source cannot be opened or holds no images.
    MissingExtraError
        Without the extra ``train``.
    """
    import_torch()
    seed, threads = checked_seed(seed), checked_threads(threads)
    source = open_source(reference, name_pattern=name_pattern, table=table, called="reference")
    prepared = prepare_pictures(
        source,
        partial(prepare_picture, shape=shape),
        most=MOST_IMAGES,
        rng=np.random.default_rng([seed, 6]),
        threads=threads,
        processes=not apart,
        on_progress=counting(on_progress, "Reading reference images", source.count),
    )
    training = replace(training, epochs=epochs or epochs_for(len(prepared.images)))
    computing = threads or default_threads()
    searched = None
    if trials:
        searched = search_autoencoder(
            prepared.pictures,
            start=shape,
            training=training,
            trials=trials,
            seed=seed,
            groups=prepared.blocks,
            threads=computing,
            on_progress=counting(on_progress, "Searching an architecture", trials),
        )
        shape, training = searched.shape, searched.training
    model = train_autoencoder(
        prepared.pictures,
        shape=shape,
        training=training,
        seed=seed,
        reference=called or source.describe,
        groups=prepared.blocks,
        tags=prepared.tags,
        threads=computing,
        on_progress=counting(on_progress, "Training the autoencoder", None),
    )
    return TrainedAutoencoder(model, len(prepared.images), prepared.seen, searched)
