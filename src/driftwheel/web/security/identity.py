"""Who calls: the holder of a token, or of a session's cookie.

Label Studio can send a token as the password of HTTP Basic only; that is taken at its own routes alone, which
no browser is asked for a password at.

The cookie of who has joined a labelling project by an invitation is the token that they got: it lasts as long
as that does, and what a page sends with it needs a secret like any other session's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import replace
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from driftwheel.services.access.authorise import Identity, authorise_session, authorise_token
from driftwheel.services.access.create_token import PREFIX
from driftwheel.store.engine.database import reading
from driftwheel.web.security.session_cookie import COOKIE
from driftwheel.web.state import Services

__all__ = ["Caller", "current_identity", "has_joined", "identify"]

_LONGEST = 512  # characters of a token or cookie that are looked at
_BASIC_AT = "/label-studio/"


async def identify(request: Request, services: Services) -> Identity | None:
    """Return who calls; None for a request that carries neither token nor session.

    Raises
    ------
    HTTPException
        401 when it carries a token that is no good; a session that has ended counts as none.
    """
    authorization = request.headers.get("authorization")
    if authorization is not None:
        if _BASIC_AT in request.url.path:
            authorization = _bearer_of_basic(authorization)
        return await _holder_of_token(authorization, services)
    cookie = request.cookies.get(COOKIE)
    if not cookie or len(cookie) > _LONGEST:
        return None
    if cookie.startswith(PREFIX):
        return await _who_has_joined(cookie, services)
    return await run_in_threadpool(_look_up_session, services, cookie)


def current_identity(request: Request) -> Identity:
    """Return who calls; for routes with a permission, which have found it out already."""
    return cast("Identity", request.state.identity)


def has_joined(identity: Identity | None) -> bool:
    """Whether a browser calls whose user has joined a project by an invitation, and may do nothing else."""
    return identity is not None and identity.token is not None and identity.csrf is not None


Caller = Annotated[Identity, Depends(current_identity)]
"""The parameter of a route that wants to know who calls: ``caller: Caller``."""


def _bearer_of_basic(authorization: str) -> str:
    """Return the password of HTTP Basic as the token that it is; any other authorization as it stands."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(coded) > _LONGEST:
        return authorization
    try:
        _, _, secret = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return authorization
    return f"Bearer {secret}"


async def _holder_of_token(authorization: str, services: Services) -> Identity:
    scheme, _, secret = authorization.partition(" ")
    secret = secret.strip()
    if scheme.lower() == "bearer" and 0 < len(secret) <= _LONGEST:
        identity = await _known(secret, services)
        if identity is not None:
            return identity
    raise HTTPException(
        401,
        "The token is unknown, has ended or was revoked. Send `Authorization: Bearer dw_…` with a token from "
        "`driftwheel tokens create`.",
        {"WWW-Authenticate": 'Bearer realm="driftwheel", error="invalid_token"'},
    )


async def _known(secret: str, services: Services) -> Identity | None:
    now = services.clock()
    identity = services.known_tokens.find(secret, now)
    if identity is not None:
        return identity
    identity = await run_in_threadpool(_look_up_token, services, secret)
    if identity is not None:
        services.known_tokens.learn(secret, identity, now)
    return identity


async def _who_has_joined(secret: str, services: Services) -> Identity | None:
    """Return the holder of a token that a browser keeps; only an annotator's, others are not for browsers."""
    identity = await _known(secret, services)
    if identity is None or identity.role != "annotator":
        return None
    return replace(identity, csrf=hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest())


def _look_up_token(services: Services, secret: str) -> Identity | None:
    with reading(services.engine) as connection:
        return authorise_token(connection, secret, services.clock())


def _look_up_session(services: Services, cookie: str) -> Identity | None:
    with reading(services.engine) as connection:
        return authorise_session(connection, cookie, services.clock())
