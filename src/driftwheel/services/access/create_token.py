"""Create and revoke the tokens by which programs call the server."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.services.access.authorise import digest_of
from driftwheel.services.access.role import as_role
from driftwheel.store.access.tokens import Token, list_tokens
from driftwheel.store.access.tokens import create_token as add_token
from driftwheel.store.access.tokens import revoke_token as end_token
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import list_models
from driftwheel.store.operate.audit import note

__all__ = ["PREFIX", "CreatedToken", "create_token", "revoke_token"]

PREFIX = "dw_"
"""Every token begins with it, so that a scanner of repositories can find one that leaked."""

_RANDOM_BYTES = 32
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A token that was just made.

    Attributes
    ----------
    text
        What a program sends, ``dw_…``; to be shown once, as only its SHA-256 is kept.
    token
        What is kept of it.
    """

    text: str
    token: Token


def create_token(
    engine: Engine,
    name: str,
    role: str,
    *,
    by: str,
    now: datetime,
    models: Sequence[str] | None = None,
    expires: datetime | None = None,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> CreatedToken:
    """Create a token and return it; noted in the audit.

    Parameters
    ----------
    name
        What it is for, 1 to 128 characters; tokens in use have different names.
    role
        What it may do; ``ingest`` for what only logs.
    by, now
        Who creates it, and the time in UTC.
    models
        Names of the models it is good for; None: all.
    expires
        When it ends; None: never.
    randomness
        Returns so many random bytes.

    Raises
    ------
    UsageError
        When one of these will not do.
    """
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"A token cannot be called '{name}'; say in 1 to 128 characters what it is for.")
    if expires is not None and expires <= now:
        raise UsageError(
            f"The token would have ended already, at {expires:%Y-%m-%d %H:%M} UTC. Give a later time."
        )
    known = as_role(role)
    text = PREFIX + base64.urlsafe_b64encode(randomness(_RANDOM_BYTES)).decode("ascii").rstrip("=")
    with writing(engine) as connection:
        if any(one.name == name and one.is_good(now) for one in list_tokens(connection)):
            raise UsageError(
                f"There is already a token '{name}' in use; revoke that one, or choose another name."
            )
        chosen = None if models is None else _known_models(connection, models)
        token = add_token(
            connection,
            digest_of(text),
            name=name,
            role=known,
            models=chosen,
            created=now,
            by=by,
            expires=expires,
        )
        details = {
            "role": role,
            "models": chosen,
            "expires": None if expires is None else expires.isoformat(),
        }
        note(connection, now, by, "create-token", f"token {name}", details)
    return CreatedToken(text, token)


def revoke_token(engine: Engine, token: int | str, *, by: str, now: datetime) -> Token:
    """End a token for good, given its number or the name of one in use, and return it.

    Raises
    ------
    UsageError
        When there is none, or it was revoked before.
    """
    with writing(engine) as connection:
        found = _find(list_tokens(connection), token, now)
        end_token(connection, found.key, now)
        note(connection, now, by, "revoke-token", f"token {found.name}", {"key": found.key})
    return found


def _known_models(connection: Connection, names: Sequence[str]) -> list[str]:
    known = [model.name for model in list_models(connection)]
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no model '{name}'.{did_you_mean(name, known)} List them: driftwheel models list"
            )
    if not names:
        raise UsageError("A token for no model at all is of no use; name one, or none to allow all.")
    return sorted(set(names))


def _find(tokens: Sequence[Token], wanted: int | str, now: datetime) -> Token:
    for token in tokens:
        if token.key == wanted or (token.name == wanted and token.is_good(now)):
            return token
    near = did_you_mean(str(wanted), [token.name for token in tokens if token.is_good(now)])
    raise UsageError(f"There is no token '{wanted}' in use.{near} List them with: driftwheel tokens list")
