"""What the forms of a project say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from pydantic import BaseModel

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.start_pool import NewProject
from driftwheel.services.label.projects.create_project import NewClass
from driftwheel.store.labels.projects import AnswerType, LabelClass
from driftwheel.store.models.models import Model

__all__ = ["ANSWERS", "ProjectFields", "classes_text", "project_fields_of", "read_classes", "read_project"]

ANSWERS = (
    ("class", "One class an image"),
    ("multi-class", "Any number of classes an image"),
    ("boxes", "Boxes, each with a class"),
)
"""What can be asked → what the form calls it."""


class ProjectFields(BaseModel):
    """The fields of a new project, as they were typed."""

    project_name: str = ""
    answer: str = "class"
    classes: str = ""
    instructions: str = ""


def project_fields_of(model: Model) -> ProjectFields:
    """Return the fields as they stand at first: what the model says of itself."""
    detects = model.task == "detection"
    return ProjectFields(
        project_name=f"{model.name} {'boxes' if detects else 'classes'}",
        answer="boxes" if detects else "class",
        classes="\n".join(model.classes),
    )


def read_project(fields: ProjectFields) -> NewProject:
    """Return the project of a form; raise `UsageError` for what cannot be used."""
    answer = cast("AnswerType", fields.answer)
    return NewProject(
        fields.project_name.strip(), answer, read_classes(fields.classes), fields.instructions.strip()
    )


def read_classes(text: str) -> list[NewClass]:
    r"""Return the classes of a text, one a line: ``name | key | #colour``, key and colour as one likes.

    Raises
    ------
    UsageError
        For a line with more parts.

    Examples
    --------
    >>> read_classes("hole | h\n\ngood | | #009e73")
    [NewClass(name='hole', key='h', colour=None), NewClass(name='good', key=None, colour='#009e73')]
    """
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, *more = (part.strip() for part in line.split("|"))
        if len(more) > 2:
            raise UsageError(f"The line '{line:.60}' has too many parts; write: name | key | #colour.")
        key, colour = (*more, "", "")[:2]
        found.append(NewClass(name, key or None, colour or None))
    return found


def classes_text(classes: Sequence[LabelClass]) -> str:
    """Return classes as `read_classes` reads them.

    Examples
    --------
    >>> classes_text([LabelClass("hole", "h", "#d55e00")])
    'hole | h | #d55e00'
    """
    return "\n".join(f"{one.name} | {one.key} | {one.colour}" for one in classes)
