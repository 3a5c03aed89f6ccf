"""A trained autoencoder, read from its ONNX file and run by onnxruntime; torch is not needed for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from driftwheel.errors import UsageError
from driftwheel.formats.onnx_contents import onnx_contents
from driftwheel.learning.autoencoder_facts import METADATA_KEY, AutoencoderFacts, facts_from_json
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.cross_entropy import cross_entropies, divergences
from driftwheel.learning.onnx_session import open_session, run_session

__all__ = ["Autoencoder", "open_autoencoder", "prepare_picture"]

_BATCH = 64
_OPERATORS = {"Conv", "ConvTranspose", "Flatten", "Gemm", "Relu", "Reshape", "Transpose"}  # of write_network


@dataclass(frozen=True, slots=True, eq=False)
class Autoencoder:
    """A network that was trained to show the images of a reference; make one with `open_autoencoder`.

    Attributes
    ----------
    identity
        ``autoencoder:<first 12 digits of the SHA-256 of its file>``.
    facts
        How it was made, and the errors that are usual for it.
    """

    identity: str
    facts: AutoencoderFacts
    _session: Any

    @property
    def prepare(self) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
        """What brings (h, w, 3) BGR uint8 to what it reads; holds no network. See `prepare_picture`."""
        return partial(prepare_picture, shape=self.facts.shape)

    def errors(
        self, pictures: NDArray[np.uint8], shown: NDArray[np.float32] | None = None
    ) -> NDArray[np.float64]:
        """Return the (n,) reconstruction error of each picture, in nats a pixel and channel: `divergences`.

        Parameters
        ----------
        pictures
            (n, side, side, channels) uint8, prepared: what should come out; n may be 0.
        shown
            The same shape, in [0, 1]: what goes in; by default the pictures themselves.
        """
        return self._measured(divergences, pictures, shown)

    def losses(
        self, pictures: NDArray[np.uint8], shown: NDArray[np.float32] | None = None
    ) -> NDArray[np.float64]:
        """Return the (n,) binary cross-entropy of each picture; parameters as for `errors`."""
        return self._measured(cross_entropies, pictures, shown)

    def _measured(
        self,
        measure: Callable[[ArrayLike, ArrayLike], NDArray[np.float64]],
        pictures: NDArray[np.uint8],
        shown: NDArray[np.float32] | None,
    ) -> NDArray[np.float64]:
        found = np.empty(len(pictures))
        for part in self._parts(len(pictures)):
            wanted = _scaled(pictures[part])
            found[part] = measure(self.logits(wanted if shown is None else shown[part]), wanted)
        return found

    def reconstruct(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return what it makes of (n, side, side, channels) uint8 pictures, likewise."""
        made = np.empty_like(pictures)
        for part in self._parts(len(pictures)):
            made[part] = np.rint(255 * expit(self.logits(_scaled(pictures[part]))))
        return made

    def _parts(self, n: int) -> Iterator[slice]:
        batch = self.facts.shape.at_once(_BATCH)
        return (slice(start, start + batch) for start in range(0, n, batch))

    def logits(self, shown: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what it answers to (n, side, side, channels) float32 in [0, 1], all at once; likewise."""
        images = np.ascontiguousarray(shown, dtype=np.float32)
        (logits,) = run_session(self._session, ["logits"], {"images": images})
        return np.asarray(logits, dtype=np.float32)


def prepare_picture(pixels: NDArray[np.uint8], shape: AutoencoderShape) -> NDArray[np.uint8]:
    """Bring an image of any size to the square that an autoencoder of this shape reads.

    The whole image is kept, so that nothing at its edge goes unseen; one that is not square is squeezed.

    Parameters
    ----------
    pixels
        (h, w, 3) BGR or (h, w) grey uint8, from 1 × 1.

    Returns
    -------
    (side, side, 3) RGB or (side, side, 1) luma uint8: means over pixel areas where the image is shrunk,
    bicubic interpolation where it is enlarged.

    Examples
    --------
    >>> shape = AutoencoderShape(8, colour=False, widths=(4,), latent=4)
    >>> prepare_picture(np.full((30, 50, 3), 200, np.uint8), shape)[0, 0].tolist()
    [200]
    """
    height, width = pixels.shape[:2]
    if (pixels.ndim == 3) != shape.colour:
        code = cv2.COLOR_GRAY2RGB if shape.colour else cv2.COLOR_BGR2GRAY
        pixels = np.asarray(cv2.cvtColor(pixels, code), dtype=np.uint8)
    elif shape.colour:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    if (height, width) != (shape.side, shape.side):
        shrinks = height >= shape.side and width >= shape.side
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        pixels = np.asarray(cv2.resize(pixels, (shape.side, shape.side), interpolation=how), dtype=np.uint8)
    return pixels.reshape(shape.side, shape.side, shape.channels)


def open_autoencoder(model: Path | bytes, *, threads: int = 1) -> Autoencoder:
    """Open an autoencoder that `train_autoencoder` made.

    Parameters
    ----------
    model
        Path of the file, or its content.
    threads
        That it may compute with, at least 1.

    Raises
    ------
    UsageError
        If there is no such file, it is not ONNX, or it is another network than an autoencoder of ours.
    MissingExtraError
        If onnxruntime is not installed.
    """
    shown = f"The autoencoder {model}" if isinstance(model, Path) else "This autoencoder"
    try:
        content = model if isinstance(model, bytes) else model.read_bytes()
    except OSError as error:
        raise UsageError(f"{shown} cannot be opened: {error.strerror}.") from None
    held = onnx_contents(content)
    foreign = UsageError(
        f"{shown} is an ONNX model, but no autoencoder of Driftwheel's. Make one with: "
        "driftwheel autoencoder REFERENCE MODEL.onnx"
    )
    if (
        held is not None
        and not held.external
        and (held.operators - _OPERATORS or held.domains or held.functions)
    ):
        raise foreign
    session = open_session(content, threads=threads, shown=shown)
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise foreign
    try:
        facts = facts_from_json(text)
    except UsageError as error:
        raise UsageError(f"{shown} cannot be used. {error}") from None
    side, channels = facts.shape.side, facts.shape.channels
    ports = {port.name: list(port.shape[1:]) for port in (*session.get_inputs(), *session.get_outputs())}
    if ports != {name: [side, side, channels] for name in ("images", "logits")}:
        raise UsageError(f"{shown} cannot be used. Its network is not what it says of itself.")
    return Autoencoder(f"autoencoder:{hashlib.sha256(content).hexdigest()[:12]}", facts, session)


def _scaled(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pictures.astype(np.float32) / np.float32(255)
