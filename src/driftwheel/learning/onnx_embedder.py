"""Any network in an ONNX file as an embedder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.embedder import Prepare
from driftwheel.learning.onnx_network import ImageNetwork, identify_network, open_image_network
from driftwheel.learning.onnx_signature import ImageInput

__all__ = ["OnnxEmbedder", "open_onnx"]


@dataclass(frozen=True, slots=True, eq=False)
class OnnxEmbedder:
    """A network run by onnxruntime; make one with `open_onnx`.

    Attributes
    ----------
    identity
        ``onnx:<file stem>:<first 12 digits of the SHA-256 of its content>``, unless it was opened under a
        name.
    dimensions
        Length of the vectors.
    output
        Name of the output that is taken: (n, d), or (n, channels, height, width) averaged over the picture.
    network
        That is run.
    """

    identity: str
    dimensions: int
    output: str
    network: ImageNetwork

    @property
    def prepare(self) -> Prepare:
        """What cuts and scales one BGR image to the network's size, as (height, width, 3) RGB uint8."""
        return self.network.prepare

    @property
    def threads(self) -> int:
        """How many it computes with."""
        return self.network.threads

    def embed(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n, dimensions) float32 of (n, height, width, 3) RGB uint8; `UsageError` if not finite."""
        parts = [_to_vectors(raw, self.network.image_input) for raw in self.network.run(batch, self.output)]
        vectors = np.concatenate(parts) if parts else np.empty((0, self.dimensions), np.float32)
        if not np.isfinite(vectors).all():
            raise UsageError(f"The embedder {self.identity} gave values that are not finite.")
        return vectors


def open_onnx(model: Path | bytes, *, threads: int, identity: str | None = None) -> OnnxEmbedder:
    """Open a network in ONNX format as an embedder.

    It must have one input without a default, an image (see `read_image_input` for what is read and which
    defaults hold), and an output of shape (n, d), d ≥ 2, or (n, channels, height, width), which is averaged
    over the picture. The first output of two axes is taken, else the first of four. The network is run once
    on a black image, so that what it says of itself is known to be true.

    Parameters
    ----------
    model
        Path of the file, or its content (then `identity` is needed).
    threads
        That it may compute with, at least 1.
    identity
        What the embedder is called; by default ``onnx:<file stem>:<hash>``. The hash covers the file and,
        where there is one, the file of weights beside it that has ``.data`` appended to its name.

    Raises
    ------
    UsageError
        If there is no such file, it is not ONNX or damaged, or cannot be used as an embedder; the message
        says why.
    MissingExtraError
        If onnxruntime is not installed.
    """
    shown = f"The embedder {model if isinstance(model, Path) else identity}"
    network = open_image_network(model, threads=threads, shown=shown)
    try:
        output, dimensions = _choose_output(network)
    except UsageError as error:
        raise UsageError(f"{shown} cannot be used. {error}") from None
    return OnnxEmbedder(identity or identify_network(model), dimensions, output, network)


def _choose_output(network: ImageNetwork) -> tuple[str, int]:
    """Return the first output that can be made vectors, and their length, after one run on black images."""
    wanted = network.image_input
    black = np.zeros((wanted.batch or 2, wanted.height, wanted.width, 3), dtype=np.uint8)
    arrays = network.try_out(black)
    for axes in (2, 4):
        for name, array in arrays.items():
            if array.ndim != axes or len(array) != len(black) or not np.issubdtype(array.dtype, np.floating):
                continue
            dimensions = _to_vectors(array, wanted).shape[1]
            if dimensions >= 2:
                return name, dimensions
    shown = ", ".join(f"'{name}' {array.dtype} {array.shape}" for name, array in arrays.items())
    raise UsageError(
        f"For {len(black)} images it gives {shown}; an embedder gives (n, d) numbers with d of "
        "at least 2, or (n, channels, height, width)."
    )


def _to_vectors(raw: NDArray[Any], image_input: ImageInput) -> NDArray[np.float32]:
    if raw.ndim == 4:
        raw = raw.mean(axis=(2, 3) if image_input.layout == "NCHW" else (1, 2), dtype=np.float64)
    return np.asarray(raw, dtype=np.float32)
