"""Say who holds a token or a session, and what they may do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Connection

from driftwheel.store.access.sessions import find_session
from driftwheel.store.access.tokens import find_token
from driftwheel.store.access.users import Role

__all__ = [
    "PERMISSIONS",
    "ROLES",
    "Identity",
    "Permission",
    "allows",
    "authorise_session",
    "authorise_token",
    "digest_of",
]

Permission = Literal["read", "ingest", "edit-models", "annotate", "administer"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

ROLES: Mapping[Role, frozenset[Permission]] = {
    "admin": frozenset(PERMISSIONS),
    "engineer": frozenset({"read", "ingest", "edit-models", "annotate"}),
    "annotator": frozenset({"annotate"}),
    "ingest": frozenset({"ingest"}),
    "viewer": frozenset({"read"}),
}
"""What each role may do; a role that is not here may do nothing."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls.

    Attributes
    ----------
    name
        Of the user; ``token <name>`` for a token. It stands in the audit and as `by`.
    role
        One of `ROLES`.
    models
        Names of the models it is limited to; None: all.
    user
        Key of the user; None for a token.
    token
        Key of the token; None for a session.
    csrf
        What a form of this session must send back; None for a token.
    """

    name: str
    role: Role
    models: frozenset[str] | None = None
    user: int | None = None
    token: int | None = None
    csrf: str | None = None


def digest_of(secret: str) -> bytes:
    """Return what is stored of a token or a session's cookie: its SHA-256; both are random and long."""
    return hashlib.sha256(secret.encode()).digest()


def allows(identity: Identity, permission: Permission) -> bool:
    """Whether the role of `identity` has `permission`.

    Examples
    --------
    >>> allows(Identity("anna", "viewer"), "read"), allows(Identity("anna", "viewer"), "ingest")
    (True, False)
    """
    return permission in ROLES.get(identity.role, frozenset())


def authorise_token(connection: Connection, secret: str, now: datetime) -> Identity | None:
    """Return who holds the token `secret`; None when there is none, or it has ended or was revoked."""
    token = find_token(connection, digest_of(secret))
    if token is None or not token.is_good(now):
        return None
    models = None if token.models is None else frozenset(token.models)
    return Identity(f"token {token.name}", token.role, models=models, token=token.key)


def authorise_session(connection: Connection, secret: str, now: datetime) -> Identity | None:
    """Return whose session has the cookie `secret`; None when it has ended, or its user is switched off."""
    session = find_session(connection, digest_of(secret), now)
    if session is None:
        return None
    return Identity(session.user.name, session.user.role, user=session.user.key, csrf=session.csrf)
