"""Features of prepared pictures: what the head of a network gets, by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.networks.classifier_file import Weights, write_features
from driftwheel.learning.networks.classifier_shape import ClassifierShape
from driftwheel.learning.onnx_session import open_session, run_session

__all__ = ["network_features"]

_BATCH = 16


def network_features(
    shape: ClassifierShape,
    weights: Weights,
    pictures: NDArray[np.uint8],
    *,
    threads: int = 1,
    tick: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float32]:
    """Return (n, features) of (n, side, side, 3) uint8 RGB.

    Parameters
    ----------
    tick
        Called with the number of pictures just done.

    Raises
    ------
    MissingExtraError
        If onnxruntime or onnx is not installed.
    """
    session = open_session(write_features(shape, weights), threads=threads, shown="The network")
    found = np.empty((len(pictures), shape.features), np.float32)
    for start in range(0, len(pictures), _BATCH):
        part = np.ascontiguousarray(pictures[start : start + _BATCH])
        (found[start : start + len(part)],) = run_session(session, ["features"], {"images": part})
        tick(len(part))
    return found
