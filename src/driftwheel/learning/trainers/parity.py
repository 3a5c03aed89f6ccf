"""Parity: whether the file that was written answers as the network did that was trained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import DriftwheelError
from driftwheel.learning.onnx_session import open_session, run_session

__all__ = ["MOST_DIFFERENCE", "check_parity"]

MOST_DIFFERENCE = 1e-3
"""Of scores, between 0 and 1: rounding in another order gives some 1e-6."""


def check_parity(
    file: bytes, pictures: NDArray[np.uint8], scores: NDArray[np.float32], *, threads: int = 1
) -> float:
    """Return the largest difference between the scores of a file and those that they should be.

    Parameters
    ----------
    file
        As `write_classifier` wrote it.
    pictures, scores
        (n, side, side, 3) uint8 RGB, and (n, classes) of the network that was trained.

    Raises
    ------
    DriftwheelError
        When any score differs by more than `MOST_DIFFERENCE`, or is not finite.
    """
    session = open_session(file, threads=threads, shown="The trained model")
    (found,) = run_session(session, ["scores"], {"images": np.ascontiguousarray(pictures)})
    difference = float(np.abs(np.asarray(found) - scores).max())
    if not difference <= MOST_DIFFERENCE:
        raise DriftwheelError(
            f"The ONNX file and the trained network disagree: a score of {len(pictures)} images differs by "
            f"{difference:.2g}, more than {MOST_DIFFERENCE:g}. The file is not kept; this is a fault of this "
            "release, or of the installed onnxruntime."
        )
    return difference
