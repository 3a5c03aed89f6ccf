"""Say which annotator of a project somebody is who calls."""

from __future__ import annotations

import itertools
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import Identity
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import (
    Annotator,
    add_annotator,
    annotator_named,
    annotator_with_token,
    annotator_with_user,
)
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.models.models import model_by_key

__all__ = ["find_annotator", "project_for"]

_LONGEST = 128


def find_annotator(
    engine: Engine, project: int, who: Identity, *, now: datetime, name: str | None = None
) -> Annotator:
    """Return the annotator that a caller is in a project; at the first time they become one.

    A person is the annotator of their own name. A token that came of an invitation is who joined by it. Any
    other token acts for workers elsewhere: `name` says for which, and without it for one called as the token.

    Raises
    ------
    LookupError
        When there is no such project, or the caller may not know of it.
    UsageError
        When the name cannot be used, or is that of somebody else.
    """
    with reading(engine) as connection:
        project_for(connection, project, who)
        found = _known(connection, project, who, name)
    if found is not None:
        return found
    called = who.name if name is None else name
    if not 0 < len(called.strip()) <= _LONGEST or not called.isprintable():
        raise UsageError(f"'{called:.150}' is no name of an annotator; give 1 to {_LONGEST} characters.")
    try:
        with writing(engine) as connection:
            found = _known(connection, project, who, name)
            if found is not None:
                return found
            if who.user is not None:
                called = _free_name(connection, project, called, who.user)
            return add_annotator(connection, project, called, created=now, user=who.user)
    except UsageError:  # another request of theirs was faster
        with reading(engine) as connection:
            found = _known(connection, project, who, name)
        if found is None:
            raise
        return found


def project_for(connection: Connection, key: int, who: Identity) -> Project:
    """Return a project that the caller may know of.

    Raises
    ------
    LookupError
        Where there is none: not for tokens of other models, and of other projects' annotators.
    """
    project = project_by_key(connection, key)
    model = None if project is None else model_by_key(connection, project.model)
    joined = None if who.token is None else annotator_with_token(connection, who.token)
    foreign = joined is not None and joined.project != key
    if (
        project is None
        or model is None
        or foreign
        or (who.models is not None and model.name not in who.models)
    ):
        raise LookupError(f"There is no project with the key {key}.")
    return project


def _free_name(connection: Connection, project: int, name: str, user: int) -> str:
    """Return a user's name, or one made of it where others have joined under that."""
    own = f"{name[:100]} (user {user})"
    others = (f"{own[:110]} {number}" for number in itertools.count(2))
    tried = itertools.chain([name, own], others)
    return next(one for one in tried if annotator_named(connection, project, one) is None)


def _known(connection: Connection, project: int, who: Identity, name: str | None) -> Annotator | None:
    joined = None if who.token is None else annotator_with_token(connection, who.token)
    if name is not None and (who.user is not None or joined is not None):
        raise UsageError("Only a token that acts for others names an annotator; leave the name out.")
    if joined is not None:
        return joined
    if who.user is not None:
        return annotator_with_user(connection, project, who.user)
    found = annotator_named(connection, project, who.name if name is None else name)
    if found is not None and (found.user is not None or found.token is not None):
        raise UsageError(f"'{found.name}' is the name of a person who labels here; choose another.")
    return found
