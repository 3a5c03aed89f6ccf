"""API tokens: known by their digest alone, with a role, for all models or some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from driftwheel.errors import UsageError
from driftwheel.store.access.users import Role
from driftwheel.store.schema.tables import tokens

__all__ = [
    "Token",
    "create_token",
    "end_token",
    "find_token",
    "list_tokens",
    "restore_token",
    "revoke_token",
    "touch_token",
]


@dataclass(frozen=True, slots=True)
class Token:
    """An API token.

    Attributes
    ----------
    digest
        SHA-256 of its text, which is kept nowhere.
    models
        Names of the models it is good for; None: all.
    """

    key: int
    digest: bytes
    name: str
    role: Role
    models: tuple[str, ...] | None
    created: datetime
    by: str
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Return whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def create_token(
    connection: Connection,
    digest: bytes,
    *,
    name: str,
    role: Role,
    created: datetime,
    by: str,
    models: Sequence[str] | None = None,
    expires: datetime | None = None,
) -> Token:
    """Add a token and return it."""
    values = {
        "digest": digest,
        "name": name,
        "role": role,
        "models": None if models is None else list(models),
        "created": created,
        "by": by,
        "expires": expires,
    }
    return _token(connection.execute(insert(tokens).values(values).returning(*tokens.c)).one())


def find_token(connection: Connection, digest: bytes) -> Token | None:
    """Return the token of that digest, good or not, None where there is none; ask `Token.is_good`."""
    row = connection.execute(select(tokens).where(tokens.c.digest == digest)).first()
    return None if row is None else _token(row)


def list_tokens(connection: Connection) -> list[Token]:
    """Return all tokens, revoked ones too, the newest first."""
    return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.key.desc()))]


def revoke_token(connection: Connection, key: int, time: datetime) -> None:
    """Revoke a token for good; raise `UsageError` where there is none of that key, or it was revoked."""
    gone = update(tokens).where(tokens.c.key == key, tokens.c.revoked.is_(None)).values(revoked=time)
    if connection.execute(gone).rowcount == 0:
        raise UsageError(
            f"There is no token {key} that could be revoked; list the tokens to see their numbers."
        )


def end_token(connection: Connection, key: int, time: datetime) -> None:
    """Revoke a token, where it was not, until `restore_token` undoes what was done at that time."""
    gone = update(tokens).where(tokens.c.key == key, tokens.c.revoked.is_(None))
    connection.execute(gone.values(revoked=time))


def restore_token(connection: Connection, key: int, time: datetime) -> None:
    """Let a token work again that `end_token` revoked at that time; one that was revoked else stays so."""
    back = update(tokens).where(tokens.c.key == key, tokens.c.revoked == time)
    connection.execute(back.values(revoked=None))


def touch_token(connection: Connection, key: int, time: datetime) -> None:
    """Note when a token was last used."""
    connection.execute(update(tokens).where(tokens.c.key == key).values(last_used=time))


def _token(row: Row[Any]) -> Token:
    plain = dict(row._mapping)
    models = plain["models"]
    return Token(**(plain | {"models": None if models is None else tuple(models)}))
