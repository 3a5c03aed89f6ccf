"""Predictions as a caller has them: held still at once, read later, in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.client.to_numpy import to_numpy
from driftwheel.errors import UsageError
from driftwheel.predictions import Classification, Detection

__all__ = ["HeldBoxes", "HeldPrediction", "HeldScores", "Names", "hold_prediction"]

Names = Mapping[int, str] | Sequence[str]
"""The name of each class by its number."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldBoxes:
    """Boxes as arrays.

    Attributes
    ----------
    xyxy
        (n, 4): left, upper, right and lower edge in pixels.
    classes
        (n,) numbers or names of classes; None where the model knows only one.
    scores
        (n,) in 0…1, or None.
    names
        What the numbers mean, as far as the prediction itself says.
    """

    xyxy: NDArray[Any]
    classes: NDArray[Any] | None
    scores: NDArray[Any] | None
    names: Names | None


@dataclass(frozen=True, slots=True, eq=False)
class HeldScores:
    """The scores of all classes as an array (n,), and their names as far as the prediction says."""

    scores: NDArray[Any]
    names: Names | None


HeldPrediction = Classification | Detection | HeldBoxes | HeldScores | Mapping[str, Any] | str
"""What `hold_prediction` makes."""


def hold_prediction(value: object) -> HeldPrediction:
    """Return a prediction held still: no later change by the caller reaches it. Tensors are fetched.

    Parameters
    ----------
    value
        - a `Classification` or `Detection`;
        - a class's name;
        - a dict: ``{"class": "cat", "score": 0.9}`` or with ``"scores": {"cat": 0.9, "dog": 0.1}``,
          ``{"boxes": [{"class": "cat", "score": 0.9, "x": 1, "y": 2, "w": 3, "h": 4}]}``, or class → score
          for all classes; or, as torchvision's detectors give it, arrays ``boxes`` (left, upper, right,
          lower), ``labels`` and ``scores``;
        - an object with ``xyxy``, ``class_id``, ``confidence`` and ``data``, like supervision's Detections;
        - an object with ``boxes`` or ``probs``, and ``names``, like Ultralytics' Results, or a list of one;
        - an array (n,) of scores of all classes.

    Raises
    ------
    UsageError
        For anything else.
    """
    if isinstance(value, str | Detection):
        return value
    if isinstance(value, Classification):
        return Classification(value.label, dict(value.scores))
    if isinstance(value, Mapping):
        return _hold_mapping(value)
    if isinstance(value, list | tuple) and len(value) == 1:
        return hold_prediction(value[0])
    return _hold_object(value)


def _hold_object(value: Any) -> HeldPrediction:
    if hasattr(value, "xyxy") and hasattr(value, "class_id"):
        return _hold_detections(value)
    if hasattr(value, "names") and (hasattr(value, "boxes") or hasattr(value, "probs")):
        return _hold_results(value)
    scores = None if isinstance(value, list | tuple) else _array(value)
    if scores is not None:
        return HeldScores(scores, None)
    many = f" of {len(value)}" if isinstance(value, list | tuple) else ""
    raise UsageError(
        f"A prediction cannot be a {type(value).__name__}{many}: give a class's name, a dict with 'class' or "
        "'boxes', or the detections or results of one image."
    )


def _hold_mapping(value: Mapping[Any, Any]) -> HeldPrediction:
    boxes = value.get("boxes")
    if "labels" in value or to_numpy(boxes) is not None:
        edges = _needed(boxes, "boxes")
        return HeldBoxes(edges, _array(value.get("labels")), _array(value.get("scores")), None)
    plain: dict[str, Any] = _plain(value)
    return plain


def _plain(value: Any) -> Any:
    """Return a copy of nested dicts and lists, single numbers of numpy and torch as Python's own."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


def _hold_detections(value: Any) -> HeldBoxes:
    named = (getattr(value, "data", None) or {}).get("class_name")
    classes = value.class_id if named is None else named
    return HeldBoxes(_needed(value.xyxy, "xyxy"), _array(classes), _array(value.confidence), None)


def _hold_results(value: Any) -> HeldPrediction:
    names = dict(value.names) if isinstance(value.names, Mapping) else tuple(value.names)
    probabilities = getattr(value, "probs", None)
    if probabilities is not None:
        return HeldScores(_needed(probabilities.data, "probs.data"), names)
    boxes = getattr(value, "boxes", None)
    if boxes is None:
        boxes = getattr(value, "obb", None)  # turned boxes have upright ones around them, also as xyxy
    if boxes is None:
        raise UsageError(
            "The results hold neither boxes nor probs; give those of a detector or a classifier."
        )
    return HeldBoxes(_needed(boxes.xyxy, "boxes.xyxy"), _array(boxes.cls), _array(boxes.conf), names)


def _array(value: Any) -> NDArray[Any] | None:
    """Return an array of the holder's own."""
    array = np.array(value) if isinstance(value, list | tuple) else to_numpy(value)
    return None if array is None else array.copy()


def _needed(value: Any, what: str) -> NDArray[Any]:
    array = _array(value)
    if array is None:
        raise UsageError(f"The prediction's {what} is a {type(value).__name__}; an array is expected.")
    return array
