"""The project, pool or annotator an address names, for the pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import HTTPException, Path
from sqlalchemy import Connection

from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.labels.annotators import Annotator, annotator_by_key
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.models.models import Model, model_by_key

__all__ = ["Key", "known_annotator", "known_pool", "known_project"]

Key = Annotated[int, Path(ge=1, lt=2**31)]
"""A project, pool, annotator or invitation in an address."""


def known_project(connection: Connection, key: int) -> tuple[Project, Model]:
    """Return a project and its model.

    Raises
    ------
    HTTPException
        404 where there is none.
    """
    project = project_by_key(connection, key)
    model = None if project is None else model_by_key(connection, project.model)
    if project is None or model is None:
        raise HTTPException(404, f"There is no labelling project {key}.")
    return project, model


def known_pool(connection: Connection, project: int, key: int) -> Pool:
    """Return a pool of a project, or answer 404."""
    try:
        return pool_of_project(connection, project, key)[1]
    except LookupError as error:
        raise HTTPException(404, str(error)) from None


def known_annotator(connection: Connection, project: int, key: int) -> Annotator:
    """Return an annotator of a project, or answer 404."""
    found = annotator_by_key(connection, key)
    if found is None or found.project != project:
        raise HTTPException(404, f"The project has no annotator {key}.")
    return found
