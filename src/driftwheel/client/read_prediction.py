"""From what a caller gave as a prediction to the values Driftwheel speaks."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.client.held_prediction import HeldBoxes, HeldPrediction, HeldScores, Names
from driftwheel.errors import UsageError, did_you_mean
from driftwheel.formats.prediction_json import only_known
from driftwheel.predictions import Box, Classification, Detection, Prediction

__all__ = ["read_prediction"]

_ROUNDING = 1e-3  # so far may a score lie outside 0…1 for being computed in few bits


def read_prediction(held: HeldPrediction, names: Names | None = None) -> Prediction:
    """Return the prediction that `hold_prediction` held.

    Parameters
    ----------
    held
        The prediction. A class without a name is called by its number, and ``object`` without a number;
        boxes without an area are left out; a score that rounding has carried out of 0…1 is brought back.
    names
        Of classes by number, where the prediction itself names none.

    Raises
    ------
    UsageError
        For shapes, names and numbers that make no prediction.
    """
    match held:
        case Classification() | Detection():
            return held
        case str():
            return Classification(held)
        case HeldBoxes():
            return _boxes(held, held.names or names)
        case HeldScores():
            return _scores(held.scores, held.names or names)
        case _:
            return _mapping(held)


def _boxes(held: HeldBoxes, names: Names | None) -> Detection:
    n = len(held.xyxy)
    edges = held.xyxy.astype(np.float64)
    if edges.shape != (n, 4):
        if edges.size:
            raise UsageError(f"Boxes are an array of (n, 4) edges, not of {held.xyxy.shape}.")
        return Detection()
    for what, array in (("classes", held.classes), ("scores", held.scores)):
        if array is not None and array.shape != (n,):
            raise UsageError(f"There are {n} boxes, but {what} of shape {array.shape}; ({n},) is expected.")
    classes = ["object"] * n if held.classes is None else [_name(c, names) for c in held.classes.tolist()]
    scores = [None] * n if held.scores is None else [_score(s) for s in held.scores.tolist()]
    return Detection(
        tuple(
            Box(label, left, upper, right - left, lower - upper, score)
            for (left, upper, right, lower), label, score in zip(edges.tolist(), classes, scores, strict=True)
            if not (right <= left or lower <= upper)
        )
    )


def _scores(scores: NDArray[Any], names: Names | None) -> Classification:
    if scores.ndim != 1 or not scores.size:
        raise UsageError(f"The scores of all classes are an array of (n,), not of {scores.shape}.")
    values = [_score(score) for score in scores.tolist()]
    return _best({_name(number, names): score for number, score in enumerate(values)})


def _best(scores: dict[str, float]) -> Classification:
    """Return the class of the highest score; the first of equals."""
    return Classification(max(scores, key=lambda label: scores[label]), scores)


def _name(number: Any, names: Names | None) -> str:
    if isinstance(number, str):
        return number
    if float(number) != int(number):
        raise UsageError(f"The class of a box is {number}; a whole number or a name is expected.")
    number = int(number)
    try:
        name = str(names[number]) if names is not None and number >= 0 else str(number)
    except LookupError:
        name = str(number)
    return name


def _score(score: float) -> float:
    return min(1.0, max(0.0, score)) if -_ROUNDING <= score <= 1 + _ROUNDING else score


def _mapping(value: Mapping[str, Any]) -> Prediction:
    if "boxes" in value and "class" not in value:
        only_known(value, {"boxes"}, "A detection")
        if not isinstance(value["boxes"], list | tuple):
            raise UsageError(f"'boxes' is a list or an array, not a {type(value['boxes']).__name__}.")
        return Detection(tuple(_box(box, number) for number, box in enumerate(value["boxes"])))
    if "class" in value and "boxes" not in value and not _is_number(value["class"]):
        only_known(value, {"class", "scores", "score"}, "A classification")
        label = str(value["class"])
        given = value.get("scores") or {}
        if not isinstance(given, Mapping):
            raise UsageError(f"'scores' is a dict of class and score, not a {type(given).__name__}.")
        scores = {name: _score(_number(score, f"'{name}'")) for name, score in given.items()}
        if value.get("score") is not None:
            scores.setdefault(label, _score(_number(value["score"], "'score'")))
        return Classification(label, scores)
    if value and all(map(_is_number, value.values())):
        return _best({name: _score(_number(score, f"'{name}'")) for name, score in value.items()})
    names = ", ".join(f"'{name}'" for name in list(value)[:5]) or "nothing"
    hint = next(filter(None, (did_you_mean(str(name), ["boxes", "class"]) for name in value)), "")
    raise UsageError(
        f"A prediction has either 'class' or 'boxes', or scores of all classes; not {names}.{hint}"
    )


def _box(value: Any, number: int) -> Box:
    where = f"Box {number}"
    if not isinstance(value, Mapping):
        raise UsageError(f"{where} is a {type(value).__name__}; a dict of class, x, y, w, h is expected.")
    only_known(value, {"class", "score", "x", "y", "w", "h"}, where)
    if missing := [name for name in ("class", "x", "y", "w", "h") if name not in value]:
        raise UsageError(f"{where} lacks {', '.join(map(repr, missing))}.")
    score = None if value.get("score") is None else _score(_number(value["score"], f"{where}, 'score',"))
    x, y, width, height = (_number(value[side], f"{where}, '{side}',") for side in ("x", "y", "w", "h"))
    return Box(str(value["class"]), x, y, width, height, score)


def _number(value: Any, what: str) -> float:
    if not _is_number(value):
        raise UsageError(f"{what} is a number, not a {type(value).__name__}.")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
