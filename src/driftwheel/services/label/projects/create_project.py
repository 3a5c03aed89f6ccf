"""Create a labelling project: what is asked of people about the images of a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.projects import AnswerType, LabelClass, Project, project_by_key, update_project
from driftwheel.store.labels.projects import create_project as add_project
from driftwheel.store.models.models import find_model
from driftwheel.store.operate.audit import note

__all__ = ["COLOURS", "HOT_KEYS", "NewClass", "create_project", "create_project_in", "edit_project"]

HOT_KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"
"""Given in this order to classes without a key of their own."""

COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#f0e442",
    "#7f7f7f",
    "#8c564b",
    "#332288",
)
"""Given in turn to classes without a colour: most told apart by the colour-blind (Okabe and Ito)."""

_MOST_CLASSES = 1000
_LONGEST_NAME = 128
_LONGEST_CLASS = 256
_LONGEST_TEXT = 20_000
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class NewClass:
    """A class to choose.

    Attributes
    ----------
    key, colour
        A character and ``#rrggbb``; None: one is given.
    """

    name: str
    key: str | None = None
    colour: str | None = None


def create_project(
    engine: Engine,
    name: str,
    model: str,
    answer: AnswerType,
    classes: Sequence[NewClass],
    *,
    by: str,
    now: datetime,
    instructions: str = "",
) -> Project:
    """Create a project about the images of a model, and return it; noted in the audit.

    Parameters
    ----------
    name
        1 to 128 characters, used by no other project.
    model
        Name of the model.
    answer
        ``class``, ``multi-class`` or ``boxes``.
    classes
        At least 2 for ``class``, else at least 1. Each has a hot key of its own while there are any.

    Raises
    ------
    UsageError
        When one of these cannot be used.
    """
    with writing(engine) as connection:
        return create_project_in(
            connection, name, model, answer, classes, by=by, now=now, instructions=instructions
        )


def create_project_in(
    connection: Connection,
    name: str,
    model: str,
    answer: AnswerType,
    classes: Sequence[NewClass],
    *,
    by: str,
    now: datetime,
    instructions: str = "",
) -> Project:
    """Create a project as `create_project` does, in a transaction of somebody else's.

    Raises
    ------
    UsageError
        Likewise.
    """
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"A project cannot be called '{name:.150}'; give 1 to {_LONGEST_NAME} characters.")
    if answer not in {"class", "multi-class", "boxes"}:
        raise UsageError(f"There is no answer type '{answer}'; give class, multi-class or boxes.")
    _check_text(instructions)
    whole = _whole_classes(classes, least=2 if answer == "class" else 1)
    found = find_model(connection, model)
    made = add_project(
        connection,
        name,
        model=found.key,
        answer=answer,
        classes=whole,
        instructions=instructions,
        created=now,
        by=by,
    )
    note(connection, now, by, "create-project", f"project {name}", {"model": model, "answer": answer})
    return made


def edit_project(
    engine: Engine,
    key: int,
    *,
    by: str,
    now: datetime,
    instructions: str | None = None,
    classes: Sequence[NewClass] | None = None,
) -> Project:
    """Change the instructions, or the keys and colours of classes, and return the project.

    Classes may be added at the end; none is renamed, moved or taken away: answers name them.

    Raises
    ------
    UsageError
        When there is no such project, or one of these cannot be used.
    """
    if instructions is not None:
        _check_text(instructions)
    with writing(engine) as connection:
        project = project_by_key(connection, key)
        if project is None:
            raise UsageError(f"There is no project with the key {key}.")
        whole = None
        if classes is not None:
            whole = _whole_classes(classes, least=1)
            kept = [one.name for one in project.classes]
            if [one.name for one in whole][: len(kept)] != kept:
                raise UsageError(
                    f"The classes of '{project.name}' begin with {', '.join(kept)}; others may follow, but "
                    "answers name these."
                )
        update_project(connection, key, classes=whole, instructions=instructions)
        changed = [
            name
            for name, given in (("instructions", instructions), ("classes", classes))
            if given is not None
        ]
        note(connection, now, by, "edit-project", f"project {project.name}", {"changed": changed})
        after = project_by_key(connection, key)
    return after or project


def _check_text(instructions: str) -> None:
    if len(instructions) > _LONGEST_TEXT:
        raise UsageError(
            f"The instructions have {len(instructions):,} characters; give at most {_LONGEST_TEXT:,}."
        )


def _whole_classes(classes: Sequence[NewClass], *, least: int) -> tuple[LabelClass, ...]:
    if not least <= len(classes) <= _MOST_CLASSES:
        raise UsageError(f"There are {len(classes)} classes; give {least} to {_MOST_CLASSES:,}.")
    names = [one.name for one in classes]
    for name in names:
        if not 0 < len(name.strip()) <= _LONGEST_CLASS or not name.isprintable():
            raise UsageError(
                f"A class cannot be called '{name:.300}'; give 1 to {_LONGEST_CLASS} characters."
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"The class '{twice[0]}' is given twice.")
    taken = [one.key for one in classes if one.key]
    for key in taken:
        if len(key) != 1 or not key.isprintable() or key.isspace():
            raise UsageError(f"'{key:.20}' is no hot key; give one character.")
        if taken.count(key) > 1:
            raise UsageError(f"The hot key '{key}' is given to more than one class.")
    free = iter([key for key in HOT_KEYS if key not in taken])
    whole = []
    for number, one in enumerate(classes):
        colour = COLOURS[number % len(COLOURS)] if one.colour is None else one.colour.lower()
        if not _COLOUR.fullmatch(colour):
            raise UsageError(f"'{one.colour:.20}' is no colour; write it as #rrggbb.")
        key = next(free, "") if one.key is None else one.key
        whole.append(LabelClass(one.name, key, colour))
    return tuple(whole)
