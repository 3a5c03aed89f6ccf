"""Say what an invitation is for, to who has opened its link and has not joined yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.services.access.authorise import digest_of
from driftwheel.services.label.projects.requirements import Requirements
from driftwheel.store.labels.invitations import find_invitation
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project, project_by_key

__all__ = ["InvitationFacts", "describe_invitation"]


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """What somebody is invited to.

    Attributes
    ----------
    good
        Whether one can still join by it: it has not ended, and is not used up.
    languages
        That pools of the project ask for and the invitation does not give: who joins says which they know.
    skills
        That pools ask for, and who runs the project gives.
    skills_told, tags_told
        That who joins may say they have.
    """

    project: Project
    good: bool
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    skills_told: tuple[str, ...] = ()
    tags_told: tuple[str, ...] = ()


def describe_invitation(connection: Connection, secret: str, now: datetime) -> InvitationFacts | None:
    """Return what an invitation is for; None where no invitation has this secret."""
    invitation = find_invitation(connection, digest_of(secret))
    project = None if invitation is None else project_by_key(connection, invitation.project)
    if invitation is None or project is None:
        return None
    asked = [
        Requirements.from_json(one.requires)
        for one in list_pools(connection, project.key)
        if one.state != "closed"
    ]
    languages = {name for one in asked for name in one.languages} - set(invitation.languages)
    skills = {name for one in asked for name in one.skills} - set(invitation.skills_told)
    return InvitationFacts(
        project,
        invitation.is_good(now),
        tuple(sorted(languages)),
        tuple(sorted(skills)),
        tuple(invitation.skills_told),
        tuple(one for one in invitation.tags_told if one not in invitation.tags),
    )
