"""The project in which people name the one class of a model's images: found, or made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.services.label.projects.create_project import NewClass, create_project_in
from driftwheel.store.labels.projects import Project, list_projects
from driftwheel.store.models.models import Model

__all__ = ["class_projects", "free_name", "new_class_project_in", "why_nobody_is_asked"]

_LONGEST = 120  # of a name, so that a number fits after it


def class_projects(connection: Connection, model: Model) -> list[Project]:
    """Return the projects that ask for one class of the model's images, the oldest first."""
    its = [one for one in list_projects(connection) if one.model == model.key and one.answer == "class"]
    return sorted(its, key=lambda one: one.key)


def new_class_project_in(
    connection: Connection, model: Model, what_for: str, *, by: str, now: datetime
) -> Project:
    """Create a project that asks for the classes of a model, and return it.

    Parameters
    ----------
    what_for
        A word that its name ends with.

    Raises
    ------
    UsageError
        When the classes are not said.
    """
    obstacle = why_nobody_is_asked(model)
    if obstacle:
        raise UsageError(obstacle)
    name = free_name(f"{model.name} {what_for}", {one.name for one in list_projects(connection)})
    classes = [NewClass(one) for one in model.classes]
    return create_project_in(connection, name, model.name, "class", classes, by=by, now=now)


def why_nobody_is_asked(model: Model) -> str:
    """Return why people cannot be asked for the class of a model's images, a sentence; empty: they can."""
    if len(model.classes) >= 2:
        return ""
    return (
        f"The classes of '{model.name}' are not said, so nobody can be asked for them. Say them with: "
        f"driftwheel models change {model.name} --class …"
    )


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: with a number after it where it is, its end cut where it is long.

    Examples
    --------
    >>> free_name("gate", {"gate", "gate 2"})
    'gate 3'
    """
    number, found = 1, name[:_LONGEST]
    while found in taken:
        number += 1
        found = f"{name[:_LONGEST]} {number}"
    return found
