"""The session of a browser."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from driftwheel.services.access.authorise import PERMISSIONS, Identity, Permission, allows
from driftwheel.web.api.describe import problems
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.security.session_cookie import set_session_cookie
from driftwheel.web.sign_in import sign_in, sign_out
from driftwheel.web.state import State

__all__ = [
    "LogInBody",
    "StartedAnswer",
    "WhoAnswer",
    "end_session",
    "read_session",
    "router",
    "start_session",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/session", tags=["session"])


class LogInBody(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=128)
    password: str = Field(min_length=1, max_length=1024)


class WhoAnswer(BaseModel):
    """Who calls, and what they may do."""

    name: str
    role: str
    permissions: list[Permission]
    models: list[str] | None = Field(description="Names of the models a token is limited to; null: all.")
    csrf: str | None = Field(
        description="Send it as X-CSRF-Token with what changes something; null for a token."
    )


class StartedAnswer(WhoAnswer):
    """A session that has just begun."""

    expires: datetime


@router.post("", status_code=201, dependencies=[permit("public")], responses=problems(401, 403, 429))
async def start_session(body: LogInBody, request: Request, response: Response, state: State) -> StartedAnswer:
    """Log in. The answer sets the cookie `driftwheel_session`; programs take a token instead."""
    started = await sign_in(request, state, body.name, body.password)
    set_session_cookie(response, request, state, started.cookie, started.expires)
    return StartedAnswer(**_who(started.identity).model_dump(), expires=started.expires)


@router.get("", dependencies=[permit("logged-in")])
async def read_session(caller: Caller) -> WhoAnswer:
    """Say who calls, with a session or a token."""
    return _who(caller)


@router.delete("", status_code=204, dependencies=[permit("logged-in")])
async def end_session(request: Request, response: Response, state: State) -> None:
    """Log out: the session ends, here and in the browser."""
    await sign_out(request, response, state)


def _who(identity: Identity) -> WhoAnswer:
    return WhoAnswer(
        name=identity.name,
        role=identity.role,
        permissions=[one for one in PERMISSIONS if allows(identity, one)],
        models=None if identity.models is None else sorted(identity.models),
        csrf=identity.csrf,
    )
