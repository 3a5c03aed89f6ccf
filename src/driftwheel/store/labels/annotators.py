"""Annotators: who labels in a project, what they can, and who must not any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select, update

from driftwheel.errors import UsageError
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.label_tables import annotators

__all__ = [
    "Annotator",
    "add_annotator",
    "annotator_by_key",
    "annotator_named",
    "annotator_with_token",
    "annotator_with_user",
    "annotators_by_key",
    "list_annotators",
    "page_annotators",
    "set_banned",
    "set_paused",
    "update_annotator",
]


@dataclass(frozen=True, slots=True)
class Annotator:
    """Somebody who labels in a project; the columns are described in `driftwheel.store.schema.label_tables`.

    Attributes
    ----------
    skills
        Name → level from 0 to 1.
    banned
        Key of the event that says why; None: not banned.
    """

    key: int
    project: int
    name: str
    user: int | None
    token: int | None
    invitation: int | None
    skills: Mapping[str, float]
    languages: tuple[str, ...]
    tags: tuple[str, ...]
    banned: int | None
    created: datetime
    paused: int | None = None
    paused_until: datetime | None = None

    def rests(self, now: datetime) -> bool:
        """Whether a rule has them pause."""
        return self.paused_until is not None and now < self.paused_until


def add_annotator(
    connection: Connection,
    project: int,
    name: str,
    *,
    created: datetime,
    user: int | None = None,
    token: int | None = None,
    invitation: int | None = None,
    languages: Sequence[str] = (),
    tags: Sequence[str] = (),
    skills: Mapping[str, float] | None = None,
) -> Annotator:
    """Add an annotator to a project and return it; raise `UsageError` where the name is taken."""
    values = {
        "project": project,
        "name": name,
        "user": user,
        "token": token,
        "invitation": invitation,
        "skills": dict(skills or {}),
        "languages": list(languages),
        "tags": list(tags),
        "created": created,
    }
    statement = upsert(connection.dialect.name, annotators).values(values).on_conflict_do_nothing()
    row = connection.execute(statement.returning(*annotators.c)).first()
    if row is None:
        raise UsageError(f"The project has an annotator '{name}' already; choose another name.")
    return _annotator(row)


def annotator_by_key(connection: Connection, key: int, *, held: bool = False) -> Annotator | None:
    """Return the annotator of that key, None where there is none; `held` until the transaction ends."""
    query = select(annotators).where(annotators.c.key == key)
    return _first(connection, query.with_for_update(key_share=True) if held else query)


def annotator_named(connection: Connection, project: int, name: str) -> Annotator | None:
    """Return the annotator of that name in a project, None where there is none."""
    return _where(connection, annotators.c.project == project, annotators.c.name == name)


def annotator_with_token(connection: Connection, token: int) -> Annotator | None:
    """Return who joined by an invitation and got this token, None where nobody did."""
    return _where(connection, annotators.c.token == token)


def annotator_with_user(connection: Connection, project: int, user: int) -> Annotator | None:
    """Return the annotator that a user is in a project, None where they have not labelled in it."""
    return _where(connection, annotators.c.project == project, annotators.c.user == user)


def list_annotators(connection: Connection, project: int) -> list[Annotator]:
    """Return the annotators of a project by name."""
    query = select(annotators).where(annotators.c.project == project).order_by(annotators.c.name)
    return [_annotator(row) for row in connection.execute(query)]


def annotators_by_key(connection: Connection, keys: Collection[int]) -> list[Annotator]:
    """Return those of these annotators that are there, by name."""
    if not keys:
        return []
    query = select(annotators).where(annotators.c.key.in_(sorted(keys))).order_by(annotators.c.name)
    return [_annotator(row) for row in connection.execute(query)]


def page_annotators(
    connection: Connection, project: int, *, after: str = "", limit: int = 100
) -> list[Annotator]:
    """Return up to `limit` annotators of a project by name, after that name."""
    query = select(annotators).where(annotators.c.project == project, annotators.c.name > after)
    return [_annotator(row) for row in connection.execute(query.order_by(annotators.c.name).limit(limit))]


def set_banned(connection: Connection, key: int, event: int | None) -> None:
    """Ban an annotator by an event, or not any more."""
    connection.execute(update(annotators).where(annotators.c.key == key).values(banned=event))


def set_paused(connection: Connection, key: int, event: int | None, until: datetime | None) -> None:
    """Have an annotator pause until a moment by an event, or not any more."""
    changed = update(annotators).where(annotators.c.key == key)
    connection.execute(changed.values(paused=event, paused_until=until))


def update_annotator(
    connection: Connection,
    key: int,
    *,
    skills: Mapping[str, float] | None = None,
    languages: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Change what is given of an annotator."""
    values: dict[str, Any] = {} if skills is None else {"skills": dict(skills)}
    values |= {
        name: list(given) for name, given in (("languages", languages), ("tags", tags)) if given is not None
    }
    if values:
        connection.execute(update(annotators).where(annotators.c.key == key).values(values))


def _where(connection: Connection, *conditions: ColumnElement[bool]) -> Annotator | None:
    return _first(connection, select(annotators).where(*conditions))


def _first(connection: Connection, query: Select[Any]) -> Annotator | None:
    row = connection.execute(query).first()
    return None if row is None else _annotator(row)


def _annotator(row: Row[Any]) -> Annotator:
    plain = dict(row._mapping)
    lists = {"languages": tuple(plain["languages"]), "tags": tuple(plain["tags"])}
    return Annotator(**(plain | lists))
