"""Describe turns of the wheel: where each stands, what its steps made and found, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.store.datasets.dataset_versions import version_by_key as dataset_by_key
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.models.models import Model, find_model, version_by_key
from driftwheel.store.wheel.turn_steps import TurnStep, steps_of_turns
from driftwheel.store.wheel.turns import Turn, find_turn, list_turns

__all__ = [
    "DescribedStep",
    "DescribedTurn",
    "Made",
    "MadeKind",
    "describe_turn",
    "describe_turns",
    "turn_numbered",
]

MadeKind = Literal["project", "pool", "dataset", "training", "version", "gate"]

_KINDS: Mapping[str, MadeKind] = {
    "project": "project",
    "pool": "pool",
    "dataset": "dataset",
    "repair": "training",
    "training": "training",
    "version": "version",
    "back": "version",
    "gate": "gate",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A thing that a step made.

    Attributes
    ----------
    what
        As the step has it: ``repair`` and ``training`` are both trainings; ``back`` is the version that was
        gone back to.
    key
        The store's; of a dataset version its number.
    name
        As people know it: "training 12", "version 3" of a dataset.
    of
        Key of the project of a pool; None of all others.
    """

    what: str
    kind: MadeKind
    key: int
    name: str
    of: int | None = None


@dataclass(frozen=True, slots=True)
class DescribedStep:
    """A step, and what of what it made is still there."""

    step: TurnStep
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class DescribedTurn:
    """A turn with its steps.

    Attributes
    ----------
    model
        Name of the model.
    champion, challenger
        Names of the version that was the champion when it began, and of the one that it sent to the gate;
        None where there is none, or it was removed.
    """

    turn: Turn
    model: str
    champion: str | None
    challenger: str | None
    steps: tuple[DescribedStep, ...]


def describe_turn(engine: Engine, model: str, number: int) -> DescribedTurn:
    """Return a turn of a model.

    Raises
    ------
    UsageError
        When there is no such model, or it has no such turn.
    """
    with reading(engine) as connection:
        found = find_model(connection, model)
        return _described(connection, found, [turn_numbered(connection, found, number)])[0]


def describe_turns(
    engine: Engine, model: str, *, before: int | None = None, limit: int = 50
) -> tuple[DescribedTurn, ...]:
    """Return up to `limit` turns of a model, the newest first, after the one with the number `before`.

    Raises
    ------
    UsageError
        When there is no such model.
    """
    with reading(engine) as connection:
        found = find_model(connection, model)
        turns = list_turns(connection, found.key, before=before, limit=limit)
        return tuple(_described(connection, found, turns))


def turn_numbered(connection: Connection, model: Model, number: int) -> Turn:
    """Return the turn of a model with that number.

    Raises
    ------
    UsageError
        When there is none.
    """
    turn = find_turn(connection, model.key, number)
    if turn is None:
        newest = next(iter(list_turns(connection, model.key, limit=1)), None)
        known = "none yet" if newest is None else f"1 to {newest.number}"
        raise UsageError(f"The model '{model.name}' has no turn {number}; it has {known}.")
    return turn


def _described(connection: Connection, model: Model, turns: Sequence[Turn]) -> list[DescribedTurn]:
    steps = steps_of_turns(connection, [one.key for one in turns])
    return [
        DescribedTurn(
            one,
            model.name,
            _version(connection, one.champion),
            _version(connection, one.challenger),
            tuple(
                DescribedStep(step, tuple(_made(connection, step.made))) for step in steps.get(one.key, ())
            ),
        )
        for one in turns
    ]


def _version(connection: Connection, key: int | None) -> str | None:
    found = None if key is None else version_by_key(connection, key)
    return None if found is None else found.name


def _made(connection: Connection, made: Mapping[str, Any]) -> list[Made]:
    found = []
    for what, value in made.items():
        kind = _KINDS.get(what)
        for key in value if isinstance(value, list) else [value]:
            one = None if kind is None else _thing(connection, what, kind, int(key))
            if one is not None:
                found.append(one)
    return found


def _thing(connection: Connection, what: str, kind: MadeKind, key: int) -> Made | None:
    match kind:
        case "project":
            project = project_by_key(connection, key)
            return None if project is None else Made(what, kind, key, project.name)
        case "pool":
            pool = pool_by_key(connection, key)
            return None if pool is None else Made(what, kind, key, pool.name, pool.project)
        case "dataset":
            dataset = dataset_by_key(connection, key)
            return None if dataset is None else Made(what, kind, dataset.number, f"version {dataset.number}")
        case "version":
            version = version_by_key(connection, key)
            return None if version is None else Made(what, kind, key, version.name)
        case "training":
            return Made(what, kind, key, f"training {key}")
        case "gate":
            return Made(what, kind, key, f"gate run {key}")
