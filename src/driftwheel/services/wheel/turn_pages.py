"""Where people see, on the pages, what a turn of the wheel made, and where they do what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from driftwheel.services.wheel.describe_turn import DescribedTurn, Made, MadeKind
from driftwheel.wheel.turn_step import Waits

__all__ = ["TurnPage", "made_page", "pages_to_do", "turn_page"]

_KINDS: Final[tuple[MadeKind, ...]] = ("pool", "training", "gate")
_BESIDE: Final[Mapping[Waits, MadeKind]] = {
    "labels": "pool",
    "review": "pool",
    "training": "training",
    "gate": "gate",
    "answer": "gate",
}


@dataclass(frozen=True, slots=True)
class TurnPage:
    """A page: what one does or sees there in a few words, and its path on the server."""

    words: str
    path: str


def turn_page(model: str, number: int) -> str:
    """Return the path of a turn's page.

    Examples
    --------
    >>> turn_page("line 2", 3)
    '/models/line%202/wheel/turns/3'
    """
    return f"/models/{quote(model, safe='')}/wheel/turns/{number}"


def made_page(model: str, made: Made) -> str:
    """Return the path of the page of what a step made."""
    here = f"/models/{quote(model, safe='')}"
    match made.kind:
        case "project":
            return f"/labels/{made.key}"
        case "pool":
            return f"/labels/{made.of}/pools/{made.key}"
        case "dataset":
            return f"{here}/datasets/{made.key}"
        case "training":
            return f"{here}/training/{made.key}"
        case "gate":
            return f"{here}/versions/gates/{made.key}"
        case "version":
            return f"{here}/versions"


def pages_to_do(found: DescribedTurn) -> tuple[TurnPage, ...]:
    """Return where one does what a turn waits for, the first first; none where it waits for nothing."""
    its = {kind: _last(found, kind) for kind in _KINDS}
    pages = {
        kind: TurnPage(f"The {kind}", made_page(found.model, made))
        for kind, made in its.items()
        if made is not None
    }
    pool = its["pool"]
    first: dict[Waits, TurnPage] = {
        "answer": TurnPage("Answer", f"{turn_page(found.model, found.turn.number)}#answer"),
        "images": TurnPage("The model", f"/models/{quote(found.model, safe='')}"),
    }
    if pool is not None:
        first["labels"] = TurnPage("Label", f"/annotate/{pool.of}")
        first["review"] = TurnPage("Review", f"/labels/{pool.of}/review")
    if found.turn.waits is None:
        return ()
    beside = _BESIDE.get(found.turn.waits)
    shown = (first.get(found.turn.waits), None if beside is None else pages.get(beside))
    return tuple(one for one in shown if one is not None)


def _last(found: DescribedTurn, kind: MadeKind) -> Made | None:
    made: Iterable[Made] = (
        one for step in reversed(found.steps) for one in reversed(step.made) if one.kind == kind
    )
    return next(iter(made), None)
