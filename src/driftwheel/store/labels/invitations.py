"""Invitations: links by which people join a project as annotators, known by their digest alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from driftwheel.store.schema.label_tables import invitations

__all__ = [
    "Invitation",
    "add_invitation",
    "count_joined",
    "find_invitation",
    "list_invitations",
    "lock_invitation",
    "revoke_invitation",
]


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation; the columns are described in `driftwheel.store.schema.label_tables`.

    Attributes
    ----------
    skills_told, tags_told
        What who joins may say of themselves: skills with the level that counts for then, and tags.
    """

    key: int
    project: int
    digest: bytes
    note: str
    most: int | None
    joined: int
    languages: tuple[str, ...]
    tags: tuple[str, ...]
    created: datetime
    by: str
    expires: datetime | None
    revoked: datetime | None
    skills_told: Mapping[str, float] = field(default_factory=dict)
    tags_told: tuple[str, ...] = ()

    def is_good(self, now: datetime) -> bool:
        """Return whether somebody may still join by it."""
        in_time = self.expires is None or now < self.expires
        return self.revoked is None and in_time and (self.most is None or self.joined < self.most)


def add_invitation(
    connection: Connection,
    project: int,
    digest: bytes,
    *,
    note: str,
    most: int | None,
    languages: Sequence[str],
    tags: Sequence[str],
    skills_told: Mapping[str, float],
    tags_told: Sequence[str],
    created: datetime,
    by: str,
    expires: datetime | None,
) -> Invitation:
    """Add an invitation and return it."""
    values = {
        "project": project,
        "digest": digest,
        "note": note,
        "most": most,
        "joined": 0,
        "gives": {
            "languages": list(languages),
            "tags": list(tags),
            "skills_told": dict(skills_told),
            "tags_told": list(tags_told),
        },
        "created": created,
        "by": by,
        "expires": expires,
    }
    return _invitation(connection.execute(insert(invitations).values(values).returning(*invitations.c)).one())


def find_invitation(connection: Connection, digest: bytes) -> Invitation | None:
    """Return the invitation of a digest, good or not; None where there is none."""
    return _first(connection, select(invitations).where(invitations.c.digest == digest))


def lock_invitation(connection: Connection, digest: bytes) -> Invitation | None:
    """Lock the invitation of a digest until the transaction ends, and return it; None where there is none."""
    query = select(invitations).where(invitations.c.digest == digest)
    return _first(connection, query.with_for_update(key_share=True))


def count_joined(connection: Connection, key: int) -> None:
    """Note that one more has joined by an invitation, which is locked."""
    joined = update(invitations).where(invitations.c.key == key)
    connection.execute(joined.values(joined=invitations.c.joined + 1))


def list_invitations(connection: Connection, project: int) -> list[Invitation]:
    """Return the invitations to a project, the newest first, revoked ones too."""
    query = select(invitations).where(invitations.c.project == project).order_by(invitations.c.key.desc())
    return [_invitation(row) for row in connection.execute(query)]


def revoke_invitation(connection: Connection, project: int, key: int, now: datetime) -> None:
    """End an invitation; who has joined stays. Raise `LookupError` where there is none."""
    gone = update(invitations).where(
        invitations.c.key == key, invitations.c.project == project, invitations.c.revoked.is_(None)
    )
    if connection.execute(gone.values(revoked=now)).rowcount == 0:
        raise LookupError(f"There is no invitation {key} in use; list them to see their numbers.")


def _first(connection: Connection, query: Select[Any]) -> Invitation | None:
    row = connection.execute(query).first()
    return None if row is None else _invitation(row)


def _invitation(row: Row[Any]) -> Invitation:
    plain = dict(row._mapping)
    gives = plain.pop("gives")
    return Invitation(
        **plain,
        languages=tuple(gives["languages"]),
        tags=tuple(gives["tags"]),
        skills_told=dict(gives.get("skills_told", {})),  # earlier releases wrote none
        tags_told=tuple(gives.get("tags_told", ())),
    )
