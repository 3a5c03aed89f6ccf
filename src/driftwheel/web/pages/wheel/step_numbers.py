"""The numbers that a step of a turn found, as rows: those that a person wants to read, by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from driftwheel.report.gains import points
from driftwheel.report.numbers import count, p_value
from driftwheel.wheel.turn_step import StepName

__all__ = ["found_rows"]

_HARM: Final = {"shown": "shown", "not_shown": "not shown", "unknown": "cannot be told"}
_CHECKED: Final = {"failed": "not passed", "open": "cannot be told yet", "skipped": "too few images"}
_ASKED: Final = {"better": "better on ", "not_worse": "no worse on ", "segment_not_worse": "no worse on "}
_COSTS: Final = {"latency": "time of an image", "size": "size of the file"}

Row = tuple[str, str]


def found_rows(name: StepName, found: Mapping[str, Any]) -> tuple[Row, ...]:
    """Return names and values; what is not known is left out.

    Examples
    --------
    >>> found_rows("select", {"images": 80, "holdout": 32, "golden": 0})
    (('images', '80'), ('drawn at random', '32'), ('golden tasks', '0'))
    """
    match name:
        case "select":
            rows = [
                *_counts(found, images="images", holdout="drawn at random", golden="golden tasks"),
                ("repair without labels", str(found.get("repair", ""))),
            ]
        case "consensus":
            left = _counts(found, labelled="labelled", left_out="left out")
            rows = [*left, ("mean confidence", points(_share(found, "confidence")))]
        case "measure":
            rows = _measured(found)
        case "dataset":
            splits = [(f"to {what}", _count(found.get("splits", {}), key)) for key, what in _SPLITS]
            rows = [*_counts(found, images="images", added="new"), *splits]
        case "train":
            rows = [row for one in _list(found, "candidates") for row in _candidate(one)]
        case "gate":
            rows = [("look", _count(found, "look")), *(_check(one) for one in _list(found, "checks"))]
        case "watch":
            rows = _watched(found)
        case _:
            rows = []
    return tuple(one for one in rows if one[1])


_SPLITS: Final = (("train", "learn from"), ("validation", "choose by"), ("test", "measure on"))


def _measured(found: Mapping[str, Any]) -> list[Row]:
    estimate = found.get("estimated")
    estimated = _share(estimate, "value") if isinstance(estimate, Mapping) else None
    return [
        ("right", points(_share(found, "accuracy"))),
        ("90\N{NO-BREAK SPACE}% interval", _interval(found)),
        ("images", _count(found, "n")),
        ("usually", points(_share(found, "usual"))),
        ("estimated without labels", points(estimated)),
        ("harm", _HARM.get(str(found.get("harm", "")), str(found.get("harm", "")))),
    ]


def _candidate(one: Mapping[str, Any]) -> list[Row]:
    name = str(one.get("name", ""))
    return [
        (f"{name} on {what}", f"{points(_share(one, key))} of {_count(one, f'n_{key}')}")
        for key, what in (("new", "what drifted"), ("old", "everything else"))
        if _share(one, key) is not None
    ]


def _check(one: Mapping[str, Any]) -> Row:
    said = _CHECKED.get(str(one.get("state", "")), str(one.get("state", "")))
    n = _count(one, "n")
    asked = _ASKED.get(str(one.get("asked", "")), "")
    group = one.get("group") or _COSTS.get(str(one.get("asked", "")), "")
    return f"{asked}{group}", f"{said}, n = {n}" if n not in {"", "0"} else said


def _watched(found: Mapping[str, Any]) -> list[Row]:
    old, new = (points(_share(found, name)) for name in ("old", "new"))
    p = found.get("p_value")
    return [
        ("the new one is right", new),
        ("the old one", old),
        ("images", _count(found, "n")),
        ("p that it is no worse", p_value(float(p)) if isinstance(p, int | float) else ""),
        ("worse", {True: "shown", False: "not shown"}.get(found.get("worse", ""), "")),
    ]


def _counts(found: Mapping[str, Any], **names: str) -> list[Row]:
    return [(words, _count(found, key)) for key, words in names.items()]


def _count(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return count(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _share(found: Mapping[str, Any], key: str) -> float | None:
    value = found.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _interval(found: Mapping[str, Any]) -> str:
    low, high = (_share(found, name) for name in ("low", "high"))
    return "" if low is None or high is None else f"{points(low)} – {points(high)}"


def _list(found: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    value = found.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
