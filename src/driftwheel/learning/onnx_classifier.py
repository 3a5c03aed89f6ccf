"""The monitored model in an ONNX file, asked for its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.class_names import class_names
from driftwheel.learning.embedder import Prepare
from driftwheel.learning.onnx_network import ImageNetwork, identify_network, open_image_network

__all__ = ["OnnxClassifier", "open_classifier"]

_SUM = 1e-3  # by which probabilities may miss 1: float16
_PROBES, _FEWEST_PROBES = 6, 3
_MOST_CLASSES = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class OnnxClassifier:
    """A classifier run by onnxruntime; make one with `open_classifier`.

    Attributes
    ----------
    identity
        ``onnx:<file stem>:<first 12 digits of the SHA-256 of its content>``.
    classes
        The k names of the columns of its scores.
    output
        Name of the output that is taken, (n, k).
    logits
        Whether that holds logits, which softmax turns into scores, or probabilities.
    network
        That is run.
    """

    identity: str
    classes: tuple[str, ...]
    output: str
    logits: bool
    network: ImageNetwork

    @property
    def prepare(self) -> Prepare:
        """What cuts and scales one BGR image to the network's size, as (height, width, 3) RGB uint8."""
        return self.network.prepare

    @property
    def shorter_side(self) -> int:
        """Pixels that a reduced decode must leave on the shorter side."""
        return max(self.network.image_input.height, self.network.image_input.width)

    def scores(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n, k) float32 in [0, 1] that sum to 1, of (n, height, width, 3) RGB uint8.

        Raises
        ------
        UsageError
            When the model gives values that are not finite.
        """
        parts = list(self.network.run(batch, self.output))
        raw = np.concatenate(parts) if parts else np.empty((0, len(self.classes)), np.float32)
        if not np.isfinite(raw).all():
            raise UsageError(f"The model {self.identity} gave scores that are not finite.")
        values = np.asarray(raw, dtype=np.float64)
        if self.logits:
            values = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
        else:
            values = np.clip(values, 0.0, 1.0)
        return np.asarray(values / np.maximum(values.sum(axis=1, keepdims=True), 1e-12), dtype=np.float32)


def open_classifier(
    model: Path | bytes, *, threads: int, classes: Sequence[str] | None = None
) -> OnnxClassifier:
    """Open the monitored model.

    It must have one input without a default, an image (see `read_image_input` for what is read and which
    defaults hold), and an output of shape (n, k), k ≥ 2; the first such is taken. The network is run once on
    a few images, black, white and of noise: if every row of what it gives lies in [0, 1] and sums to 1
    (within 0.001), these are probabilities, and scores as they are; else they are logits, and softmax is
    applied to every row from then on.

    Parameters
    ----------
    model
        Path of the file, or its content.
    threads
        That it may compute with, at least 1.
    classes
        k names in the order of the outputs; by default those that the file names (see `class_names`), else
        the numbers from 0 on.

    Raises
    ------
    UsageError
        If there is no such file, it is not ONNX or damaged, it gives no scores of classes, or the names do
        not fit it; the message says why.
    MissingExtraError
        If onnxruntime is not installed.
    """
    identity = identify_network(model) if isinstance(model, bytes) or model.is_file() else ""
    shown = f"The model {model if isinstance(model, Path) else identity}"
    network = open_image_network(model, threads=threads, shown=shown)
    try:
        output, logits, count = _choose_output(network)
        names = class_names(count, classes, network.metadata)
    except UsageError as error:
        raise UsageError(f"{shown} cannot be used. {error}") from None
    return OnnxClassifier(identity, names, output, logits, network)


def _choose_output(network: ImageNetwork) -> tuple[str, bool, int]:
    """Return the first output with a row of scores an image, whether those are logits, and how many."""
    wanted = network.image_input
    count = max(_FEWEST_PROBES, min(_PROBES, network.at_once))
    size = (count, wanted.height, wanted.width, 3)
    probes = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    probes[0], probes[1] = 0, 255
    arrays = network.try_out(probes)
    for name, array in arrays.items():
        if array.ndim == 2 and array.shape[1] >= 2 and np.issubdtype(array.dtype, np.floating):
            if array.shape[1] > _MOST_CLASSES:
                raise UsageError(
                    f"Its output '{name}' has {array.shape[1]:,} columns; at most {_MOST_CLASSES:,} classes "
                    "are possible."
                )
            return name, not _are_probabilities(array), int(array.shape[1])
    found = ", ".join(f"'{name}' {array.dtype} {array.shape}" for name, array in arrays.items())
    advice = "Export the model with its scores as an output of shape (n, classes)."
    if any(array.ndim == 2 and array.shape[1] == 1 for array in arrays.values()):
        advice = "For two classes export both columns, for example as [1 - p, p]."
    raise UsageError(
        f"It gives {found}; a classifier gives (n, k) floating-point numbers with k of at least 2. {advice}"
    )


def _are_probabilities(rows: NDArray[Any]) -> bool:
    values = rows.astype(np.float64)
    inside = bool((values >= -_SUM).all() and (values <= 1 + _SUM).all())
    return inside and bool((np.abs(values.sum(axis=1) - 1) <= _SUM).all())
