"""Doubt about the boxes of an image: objects that may be none, and objects that may be another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.predictions import Detection
from driftwheel.selection.box_overlap import box_overlaps

__all__ = ["SAME_PLACE", "box_doubt"]

SAME_PLACE = 0.5
"""Boxes whose intersection is at least this share of their union lie on one object."""


def box_doubt(detections: Sequence[Detection | None]) -> NDArray[np.float64]:
    """Return (n,) doubts in [0, 1]: that of the box of each image that is the most in doubt.

    A box is in doubt for two reasons, and the greater counts:

    * whether there is an object: 1 − |2 s − 1| of its score s, which is 1 at ½ and 0 at 0 and 1;
    * which object: where another class has a box in the same place (intersection over union ≥ ½), the lower
      of the two scores divided by the higher.

    Parameters
    ----------
    detections
        n answers of the model. None, or a box without a score: not known.

    Returns
    -------
    (n,), 0 for an image without boxes, NaN where it is not known.

    Notes
    -----
    The most doubtful box and not the sum, which would choose the most crowded images. Only what the model
    reports is seen: an object that it missed altogether leaves no doubt here (`box_disagreement`, feedback,
    diversity and the random share find those), and a detector that hides boxes with scores below a threshold
    of 0.5 or more hides most of its doubts. Source: Brust, Käding and Denzler, "Active learning for deep
    object detection", VISAPP 2019, section 3.

    Examples
    --------
    >>> from driftwheel.predictions import Box
    >>> cup = Box("cup", 0, 0, 10, 10, score=0.9)
    >>> mug = Box("mug", 0, 1, 10, 10, score=0.72)
    >>> box_doubt([Detection((cup,)), Detection((cup, mug)), Detection(), None]).round(2)
    array([0.2, 0.8, 0. , nan])
    """
    return np.array([_doubt(one) for one in detections], dtype=np.float64)


def _doubt(detection: Detection | None) -> float:
    if detection is None or any(box.score is None for box in detection.boxes):
        return np.nan
    if not detection.boxes:
        return 0.0
    scores = np.array([box.score for box in detection.boxes], dtype=np.float64)
    labels = np.array([box.label for box in detection.boxes])
    doubt = float((1 - np.abs(2 * scores - 1)).max())
    rivals = (box_overlaps(detection.boxes, detection.boxes) >= SAME_PLACE) & (labels[:, None] != labels)
    if rivals.any():
        low, high = np.minimum.outer(scores, scores), np.maximum.outer(scores, scores)
        doubt = max(doubt, float((low[rivals] / np.maximum(high[rivals], 1e-12)).max()))
    return doubt
