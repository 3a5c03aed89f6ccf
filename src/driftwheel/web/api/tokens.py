"""Tokens, by which programs call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.services.access.create_token import create_token, revoke_token
from driftwheel.store.access.tokens import Token, list_tokens
from driftwheel.store.access.users import Role
from driftwheel.store.engine.database import reading
from driftwheel.web.api.describe import problems
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.start import note_token_uses
from driftwheel.web.state import State

__all__ = [
    "NewTokenAnswer",
    "NewTokenBody",
    "TokenAnswer",
    "end_token",
    "make_token",
    "read_tokens",
    "router",
]

router = APIRouter(
    route_class=GuardedRoute, prefix="/api/v1/tokens", tags=["tokens"], dependencies=[permit("administer")]
)


class TokenAnswer(BaseModel):
    """A token, without its text: only its SHA-256 is kept."""

    key: int
    name: str
    role: Role
    models: list[str] | None = Field(description="Names of the models it is good for; null: all.")
    created: datetime
    by: str
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None


class NewTokenAnswer(TokenAnswer):
    """A token that was just made."""

    token: str = Field(description="What a program sends, `dw_…`; shown this once.")


class NewTokenBody(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=128, description="What it is for.", examples=["line 2"])
    role: Role = Field("ingest", description="`ingest` for what only logs.")
    models: list[Annotated[str, Field(max_length=128)]] | None = Field(None, max_length=1000)
    expires: AwareDatetime | None = None


@router.get("")
def read_tokens(state: State) -> list[TokenAnswer]:
    """Read all tokens, the newest first, revoked ones too."""
    note_token_uses(state)
    with reading(state.engine) as connection:
        return [TokenAnswer(**_fields(token)) for token in list_tokens(connection)]


@router.post("", status_code=201)
def make_token(body: NewTokenBody, state: State, caller: Caller) -> NewTokenAnswer:
    """Make a token; its text is in this answer and nowhere else."""
    made = create_token(
        state.engine,
        body.name,
        body.role,
        by=caller.name,
        now=state.clock(),
        models=body.models,
        expires=body.expires,
    )
    return NewTokenAnswer(**_fields(made.token), token=made.text)


@router.delete("/{key}", status_code=204, response_class=Response, responses=problems(404))
def end_token(key: Annotated[int, Path(ge=1, lt=2**31)], state: State, caller: Caller) -> None:
    """Revoke a token for good. Other servers on this database follow within two seconds."""
    with reading(state.engine) as connection:
        if not any(token.key == key and token.revoked is None for token in list_tokens(connection)):
            raise HTTPException(404, f"There is no token {key} in use.")
    revoke_token(state.engine, key, by=caller.name, now=state.clock())
    state.known_tokens.forget()


def _fields(token: Token) -> dict[str, Any]:
    fields = ("key", "name", "role", "created", "by", "expires", "revoked", "last_used")
    return {name: getattr(token, name) for name in fields} | {
        "models": None if token.models is None else list(token.models)
    }
