"""Reconstruct images: what an autoencoder makes of current images, and whether that is as usual."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.reconstruction import ReconstructionDrift, reconstruction_drift
from driftwheel.images.exhibits import Exhibit, thumbnail
from driftwheel.learning.autoencoder import Autoencoder, open_autoencoder
from driftwheel.services.measure.parallel import default_threads
from driftwheel.services.measure.prepare_pictures import PreparedPictures, prepare_pictures
from driftwheel.services.progress import OnProgress, counting
from driftwheel.sources import Source

__all__ = ["MOST_IMAGES", "Reconstructed", "open_network", "reconstruct_images", "reconstruction_pairs"]

MOST_IMAGES = 10_000
"""Of more current images so many are shown to the autoencoder, drawn at random; of large pictures 1 GiB."""

_SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False)
class Reconstructed:
    """What the autoencoder makes of current images.

    Attributes
    ----------
    drift
        Their errors against those of the held-out reference images.
    exemplars
        Names of the images that show the change best, the best first: those with the largest errors, or the
        smallest where errors fell.
    pairs
        The first few of them as the autoencoder reads them, each with what it makes of it.
    notes
        Sentences a person should read.
    """

    drift: ReconstructionDrift
    exemplars: tuple[str, ...]
    pairs: tuple[tuple[Exhibit, Exhibit], ...]
    notes: tuple[str, ...]


def open_network(model: Path | bytes | None, threads: int | None) -> Autoencoder | None:
    """Return the autoencoder of a file or its content, None for None; `UsageError` for what is none."""
    if model is None:
        return None
    return open_autoencoder(model, threads=threads or default_threads())


def reconstruct_images(
    source: Source,
    network: Autoencoder,
    *,
    reference: str,
    alpha: float,
    rng: np.random.Generator,
    threads: int | None = None,
    on_progress: OnProgress | None = None,
) -> Reconstructed:
    """Show the images of a source to the autoencoder, and compare their errors with what is usual for it.

    Parameters
    ----------
    reference
        What the reference of the comparison is called; it should be what the autoencoder was trained on.
    alpha
        See `driftwheel.drift.reconstruction.reconstruction_drift`.
    """
    prepared = prepare_pictures(
        source,
        network.prepare,
        most=MOST_IMAGES,
        rng=rng,
        threads=threads,
        on_progress=counting(on_progress, "Reconstructing current images", source.count),
    )
    facts = network.facts
    errors = network.errors(prepared.pictures)
    drift = reconstruction_drift(
        facts.held_out_errors, errors, rng=rng, alpha=alpha, blocks=facts.held_out_blocks
    )
    order = np.argsort(errors if drift.effect < 0 else -errors, kind="stable")
    pairs = reconstruction_pairs(network, prepared, order[:_SHOWN], errors)
    drift = replace(drift, autoencoder=network.identity)
    notes = []
    if facts.reference != reference:
        notes.append(f"The autoencoder was trained on {facts.reference}, and the reference is {reference}.")
    if prepared.seen > len(prepared.images):
        notes.append(
            f"The autoencoder was shown {len(prepared.images):,} of {prepared.seen:,} current images, "
            "drawn at random."
        )
    if drift.images_needed:
        notes.append(
            f"The autoencoder was not asked: it could look at {drift.n_current} current images only."
        )
    return Reconstructed(drift, tuple(prepared.images[i] for i in order), pairs, tuple(notes))


def reconstruction_pairs(
    network: Autoencoder,
    prepared: PreparedPictures,
    rows: NDArray[np.intp],
    errors: NDArray[np.float64],
) -> tuple[tuple[Exhibit, Exhibit], ...]:
    """Return thumbnails of these rows: the picture as the autoencoder reads it, and what it makes of it."""
    pictures = prepared.pictures[rows]
    baseline = network.facts.baseline
    return tuple(
        (
            Exhibit(name, thumbnail(_to_bgr(original)), name),
            Exhibit(name, thumbnail(_to_bgr(made)), f"error {error / baseline:.1f} times the usual"),
        )
        for name, original, made, error in zip(
            (prepared.images[i] for i in rows),
            pictures,
            network.reconstruct(pictures),
            errors[rows],
            strict=True,
        )
    )


def _to_bgr(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    code = cv2.COLOR_RGB2BGR if picture.shape[2] == 3 else cv2.COLOR_GRAY2BGR
    return np.asarray(cv2.cvtColor(picture, code), dtype=np.uint8)
