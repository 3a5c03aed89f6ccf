"""Labelling projects: what is asked of people about the images of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, select, update

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.label_tables import projects

__all__ = [
    "AnswerType",
    "LabelClass",
    "Project",
    "create_project",
    "list_projects",
    "project_by_key",
    "project_named",
    "update_project",
]

AnswerType = Literal["class", "multi-class", "boxes"]
"""One class an image, any number of classes, or any number of boxes with a class each."""


@dataclass(frozen=True, slots=True)
class LabelClass:
    """A class that people choose.

    Attributes
    ----------
    key
        The key on the keyboard that names it, one character; empty: none.
    colour
        Of its boxes and its button, ``#rrggbb``.
    """

    name: str
    key: str
    colour: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project; the columns are described in `driftwheel.store.schema.label_tables`.

    Attributes
    ----------
    model
        The key of the model whose images are labelled.
    """

    key: int
    name: str
    model: int
    answer: AnswerType
    classes: tuple[LabelClass, ...]
    instructions: str
    created: datetime
    by: str


def create_project(
    connection: Connection,
    name: str,
    *,
    model: int,
    answer: AnswerType,
    classes: Sequence[LabelClass],
    instructions: str,
    created: datetime,
    by: str,
) -> Project:
    """Add a project and return it; raise `UsageError` where the name is taken."""
    values = {
        "name": name,
        "model": model,
        "answer": answer,
        "classes": [asdict(one) for one in classes],
        "instructions": instructions,
        "created": created,
        "by": by,
    }
    statement = upsert(connection.dialect.name, projects).values(values)
    statement = statement.on_conflict_do_nothing(index_elements=["name"])
    row = connection.execute(statement.returning(*projects.c)).first()
    if row is None:
        raise UsageError(f"There is already a project '{name}'; choose another name, or change that one.")
    return _project(row)


def project_by_key(connection: Connection, key: int) -> Project | None:
    """Return the project of that key, None where there is none."""
    row = connection.execute(select(projects).where(projects.c.key == key)).first()
    return None if row is None else _project(row)


def project_named(connection: Connection, name: str) -> Project:
    """Return the project of that name, or of that key; raise `UsageError` where there is none."""
    row = connection.execute(select(projects).where(projects.c.name == name)).first()
    if row is None and name.isascii() and name.isdecimal() and len(name) < 10:
        row = connection.execute(select(projects).where(projects.c.key == int(name))).first()
    if row is None:
        known = connection.execute(select(projects.c.name).order_by(projects.c.name)).scalars().all()
        there = f" There are {', '.join(known[:10])}." if known else " There is none yet."
        raise UsageError(f"There is no labelling project '{name:.150}'.{did_you_mean(name, known)}{there}")
    return _project(row)


def list_projects(connection: Connection) -> list[Project]:
    """Return all projects by name."""
    return [_project(row) for row in connection.execute(select(projects).order_by(projects.c.name))]


def update_project(
    connection: Connection,
    key: int,
    *,
    classes: Sequence[LabelClass] | None = None,
    instructions: str | None = None,
) -> None:
    """Change what is given of a project."""
    given = {
        "classes": None if classes is None else [asdict(one) for one in classes],
        "instructions": instructions,
    }
    values = {name: value for name, value in given.items() if value is not None}
    if values:
        connection.execute(update(projects).where(projects.c.key == key).values(values))


def _project(row: Row[Any]) -> Project:
    plain = dict(row._mapping)
    return Project(**(plain | {"classes": tuple(LabelClass(**one) for one in plain["classes"])}))
