"""Predictions and ground truth as JSON: what the client sends, the API answers and the database keeps.

A classification is ``{"class": "cat", "scores": {"cat": 0.9}}`` (``scores`` may be left out), a detection is
``{"boxes": [{"class": "cat", "score": 0.9, "x": 1, "y": 2, "w": 3, "h": 4}]}`` (``score`` may be left out).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.predictions import Box, Classification, Detection, Prediction

__all__ = ["only_known", "prediction_from_json", "prediction_to_json"]

_Value = TypeVar("_Value")
_MOST = 2**53  # whole numbers beyond it are not kept exactly by every reader of JSON
_BOX = {"class", "score", "x", "y", "w", "h"}


def prediction_to_json(prediction: Prediction) -> dict[str, Any]:
    """Return what `json.dumps` writes for a prediction or a truth.

    Examples
    --------
    >>> prediction_to_json(Classification("cat", {"cat": 0.9}))
    {'class': 'cat', 'scores': {'cat': 0.9}}
    >>> prediction_to_json(Detection((Box("cat", 1, 2, 3, 4),)))
    {'boxes': [{'class': 'cat', 'x': 1, 'y': 2, 'w': 3, 'h': 4}]}
    """
    if isinstance(prediction, Classification):
        plain: dict[str, Any] = {"class": prediction.label}
        if prediction.scores:
            plain["scores"] = dict(prediction.scores)
        return plain
    return {"boxes": [_box_to_json(box) for box in prediction.boxes]}


def prediction_from_json(value: object) -> Prediction:
    """Return the prediction or truth that parsed JSON says.

    Raises
    ------
    UsageError
        Says which part is wrong and what it should be.

    Examples
    --------
    >>> prediction_from_json({"class": "cat"})
    Classification(label='cat', scores={})
    >>> prediction_from_json({"boxes": []})
    Detection(boxes=())
    """
    whole = _object(value, "A prediction", "an object")
    if "class" in whole and "boxes" not in whole:
        only_known(whole, {"class", "scores"}, "A classification")
        scores = _object(whole.get("scores", {}), "'scores'", "an object of class → 0…1")
        return Classification(
            _name(whole["class"], "'class'"),
            {_name(label, "A class"): _number(score, f"'{label}'") for label, score in scores.items()},
        )
    if "boxes" in whole and "class" not in whole:
        only_known(whole, {"boxes"}, "A detection")
        boxes = _of_type(whole["boxes"], list, "'boxes'", "a list")
        return Detection(tuple(_box_from_json(box, number) for number, box in enumerate(boxes)))
    raise UsageError(
        "A prediction has either 'class' (with 'scores', if known) or 'boxes'; "
        f"this one has {', '.join(map(repr, whole)) or 'neither'}."
    )


def only_known(value: Mapping[str, Any], known: set[str], what: str) -> None:
    """Raise `UsageError`, with the nearest one that is, for a key that is not `known`."""
    for name in value:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise UsageError(f"{what} has no '{name}'; it has {', '.join(sorted(known))}.{hint}")


def _box_to_json(box: Box) -> dict[str, Any]:
    plain: dict[str, Any] = {"class": box.label}
    if box.score is not None:
        plain["score"] = box.score
    return plain | {"x": box.x, "y": box.y, "w": box.width, "h": box.height}


def _box_from_json(value: object, number: int) -> Box:
    where = f"Box {number}"
    box = _object(value, where, "an object")
    only_known(box, _BOX, where)
    missing = sorted(_BOX - {"score"} - set(box))
    if missing:
        raise UsageError(f"{where} lacks {', '.join(map(repr, missing))}.")
    score = box.get("score")
    x, y, width, height = (_number(box[side], f"{where}, '{side}',") for side in ("x", "y", "w", "h"))
    return Box(
        _name(box["class"], f"{where}, 'class',"),
        x,
        y,
        width,
        height,
        score=None if score is None else _number(score, f"{where}, 'score',"),
    )


def _object(value: object, what: str, expected: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} is {expected}, not {type(value).__name__}.")
    return value


def _of_type(value: object, kind: type[_Value], what: str, expected: str) -> _Value:
    if not isinstance(value, kind):
        raise UsageError(f"{what} is {expected}, not {type(value).__name__}.")
    return value


def _name(value: object, what: str) -> str:
    text = _of_type(value, str, what, "a name")
    if not text:
        raise UsageError(f"{what} is empty; give a name.")
    return text


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{what} is a number, not {type(value).__name__}.")
    if isinstance(value, int) and abs(value) > _MOST:
        raise UsageError(f"{what} is too large; numbers are at most 2^53 either way.")
    return value
