"""Invite people to label in a project by a link; who joins by it can do that and nothing else."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import digest_of
from driftwheel.services.access.create_token import PREFIX
from driftwheel.services.label.projects.requirements import check_names, check_skills
from driftwheel.store.access.tokens import create_token
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.annotators import Annotator, add_annotator
from driftwheel.store.labels.invitations import (
    Invitation,
    add_invitation,
    count_joined,
    lock_invitation,
    revoke_invitation,
)
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.models.models import model_by_key
from driftwheel.store.operate.audit import note

__all__ = [
    "NOTHING",
    "CreatedInvitation",
    "Joined",
    "Told",
    "end_invitation",
    "invite_annotators",
    "join_project",
]

_RANDOM_BYTES = 32
_LONGEST_NAME = 64
_LONGEST_NOTE = 256
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class CreatedInvitation:
    """An invitation that was just made; its secret is shown once, as only its SHA-256 is kept."""

    secret: str
    invitation: Invitation


@dataclass(frozen=True, slots=True)
class Joined:
    """Who has joined a project, and the token ``dw_…`` by which they call; it is shown once."""

    token: str
    annotator: Annotator
    project: Project


@dataclass(frozen=True, slots=True)
class Told:
    """What who joins says of themselves.

    Attributes
    ----------
    languages
        That they know, beside those that the invitation gives.
    skills, tags
        Of those that the invitation lets them say; a skill counts as much as that says.
    """

    languages: Sequence[str] = ()
    skills: Sequence[str] = ()
    tags: Sequence[str] = ()


NOTHING = Told()
"""Nothing."""


def invite_annotators(
    engine: Engine,
    project: int,
    *,
    by: str,
    now: datetime,
    note_text: str = "",
    most: int = 1,
    languages: Sequence[str] = (),
    tags: Sequence[str] = (),
    skills_told: Mapping[str, float] | None = None,
    tags_told: Sequence[str] = (),
    expires: datetime | None = None,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> CreatedInvitation:
    """Create an invitation to a project; noted in the audit.

    Parameters
    ----------
    note_text
        Whom it is for.
    most
        How many may join by it. Who is banned could come back by one that is not used up.
    languages, tags
        What who joins by it gets.
    skills_told, tags_told
        What who joins may say of themselves; of a skill with the level, 0…1, that their word counts for.
    expires
        When nobody joins by it any more; who has joined stays.

    Raises
    ------
    UsageError
        When there is no such project, or one of these cannot be used.
    """
    if len(note_text) > _LONGEST_NOTE:
        raise UsageError(f"The note has {len(note_text)} characters; give at most {_LONGEST_NOTE}.")
    if not 1 <= most <= _MOST:
        raise UsageError(f"An invitation for {most}; give 1 to {_MOST:,}.")
    if expires is not None and expires <= now:
        raise UsageError(
            f"The invitation would have ended already, at {expires:%Y-%m-%d %H:%M} UTC. Give a later time."
        )
    check_names(tuple(languages), "languages")
    check_names(tuple(tags), "tags")
    check_names(tuple(tags_told), "tags")
    check_skills(skills_told or {})
    secret = _text(randomness)
    with writing(engine) as connection:
        found = project_by_key(connection, project)
        if found is None:
            raise UsageError(f"There is no project with the key {project}.")
        made = add_invitation(
            connection,
            project,
            digest_of(secret),
            note=note_text,
            most=most,
            languages=languages,
            tags=tags,
            skills_told=skills_told or {},
            tags_told=tags_told,
            created=now,
            by=by,
            expires=expires,
        )
        note(connection, now, by, "invite-annotators", f"project {found.name}", {"invitation": made.key})
    return CreatedInvitation(secret, made)


def end_invitation(engine: Engine, project: int, key: int, *, by: str, now: datetime) -> None:
    """Let nobody join by an invitation any more; who has joined stays. Noted in the audit.

    Raises
    ------
    LookupError
        When the project has no such invitation in use.
    """
    with writing(engine) as connection:
        revoke_invitation(connection, project, key, now)
        found = project_by_key(connection, project)
        target = f"project {'' if found is None else found.name}"
        note(connection, now, by, "end-invitation", target, {"invitation": key})


def join_project(
    engine: Engine,
    secret: str,
    name: str,
    *,
    now: datetime,
    told: Told = NOTHING,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> Joined:
    """Join a project by the secret of an invitation, under a name that is free in it.

    The token that comes of it has the role of an annotator, and is for this project alone.

    Parameters
    ----------
    told
        What they say of themselves.

    Raises
    ------
    LookupError
        When the invitation is unknown, has ended, or is used up.
    UsageError
        When the name is taken or cannot be used, or they say of themselves what they may not.
    """
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"'{name:.80}' is no name; give 1 to {_LONGEST_NAME} characters.")
    check_names(tuple(told.languages), "languages")
    text = PREFIX + _text(randomness)
    with writing(engine) as connection:
        invitation = lock_invitation(connection, digest_of(secret))
        project = None if invitation is None else project_by_key(connection, invitation.project)
        model = None if project is None else model_by_key(connection, project.model)
        if invitation is None or project is None or model is None or not invitation.is_good(now):
            raise LookupError("The invitation is unknown, has ended, or is used up; ask for another.")
        _check_told(told.skills, invitation.skills_told, "skill")
        _check_told(told.tags, invitation.tags_told, "tag")
        token = create_token(
            connection,
            digest_of(text),
            name=f"annotator {name.strip()} of {project.name}"[:128],
            role="annotator",
            created=now,
            by=f"invitation {invitation.key}",
            models=[model.name],
        )
        who = add_annotator(
            connection,
            project.key,
            name.strip(),
            created=now,
            token=token.key,
            invitation=invitation.key,
            languages=tuple(dict.fromkeys((*invitation.languages, *told.languages))),
            tags=tuple(dict.fromkeys((*invitation.tags, *told.tags))),
            skills={name: invitation.skills_told[name] for name in told.skills},
        )
        count_joined(connection, invitation.key)
        details = {"annotator": who.name, "invitation": invitation.key}
        if told.skills or told.tags:
            details |= {"skills": list(told.skills), "tags": list(told.tags)}
        note(connection, now, f"annotator {who.name}", "join-project", f"project {project.name}", details)
    return Joined(text, who, project)


def _check_told(told: Sequence[str], allowed: Collection[str], what: str) -> None:
    for name in told:
        if name not in allowed:
            raise UsageError(f"This invitation lets nobody say that they have the {what} '{name:.80}'.")


def _text(randomness: Callable[[int], bytes]) -> str:
    return base64.urlsafe_b64encode(randomness(_RANDOM_BYTES)).decode("ascii").rstrip("=")
