"""Say which projects' assistants are to be trained, or have new images to embed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.store.assist.assistants import Assistance, assistance_of
from driftwheel.store.assist.task_embeddings import last_task
from driftwheel.store.labels.label_sources import count_sources
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project, list_projects

__all__ = [
    "GROWTH",
    "LEAST",
    "Due",
    "can_assist",
    "due_assistance",
    "due_of",
    "labels_of_people",
    "next_training",
]

LEAST = 30
"""Labels from which on an assistant is trained; below, its accuracy could be anything."""

GROWTH = 0.2
"""It is trained again when there are so many labels more, or fewer, of those it was last trained on."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due of a project's assistant: to be trained, or images to be embedded."""

    project: int
    train: bool
    embed: bool


def can_assist(project: Project) -> bool:
    """Return whether a project can have an assistant: of classes. Where boxes are, no embedding tells."""
    return project.answer != "boxes"


def due_assistance(connection: Connection) -> list[int]:
    """Return the keys of projects whose assistant has something due."""
    found = [due_of(connection, one) for one in list_projects(connection)]
    return [one.project for one in found if one.train or one.embed]


def due_of(connection: Connection, project: Project) -> Due:
    """Return what is due of a project's assistant; nothing where it can have none, or has it off."""
    state = assistance_of(connection, project.key)
    if not can_assist(project) or not state.enabled:
        return Due(project.key, train=False, embed=False)
    labels = labels_of_people(connection, project.key)
    train = state.asked or (labels >= LEAST if state.tried is None else _grown(labels, state.tried))
    embed = train or (state.tried is not None and last_task(connection, project.key) > state.embedded)
    return Due(project.key, train=train, embed=embed)


def labels_of_people(connection: Connection, project: int) -> int:
    """Return how many tasks of a project want no more answers, but those that were labelled automatically."""
    pools = list_pools(connection, project)
    done = sum(one.done for one in pools)
    return done - count_sources(connection, [one.key for one in pools], "automatic")


def next_training(state: Assistance) -> int:
    """Return at how many labels it is trained next.

    Examples
    --------
    >>> next_training(Assistance(1)), next_training(Assistance(1, tried=100))
    (30, 120)
    """
    if state.tried is None:
        return LEAST
    return state.tried + max(1, round(GROWTH * state.tried))


def _grown(labels: int, tried: int) -> bool:
    return labels >= LEAST and abs(labels - tried) >= max(1, round(GROWTH * tried))
