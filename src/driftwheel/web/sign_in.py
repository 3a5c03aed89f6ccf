"""Log in and out from the web, for the API and for the page."""

from __future__ import annotations

import math
import secrets
from datetime import timedelta

import anyio
from anyio import CapacityLimiter
from fastapi import HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from driftwheel.services.access.log_in import StartedSession, log_in, log_out
from driftwheel.web.security.csrf import check_same_origin
from driftwheel.web.security.session_cookie import COOKIE, clear_session_cookie
from driftwheel.web.state import Services

__all__ = ["sign_in", "sign_out"]

_AT_ONCE = 2  # a password's hash takes 64 MiB
_WRONG = "Name and password do not fit. Names are written small."


async def sign_in(request: Request, services: Services, name: str, password: str) -> StartedSession:
    """Begin a session; hand it to the browser with `set_session_cookie`.

    Raises
    ------
    HTTPException
        401 when name and password do not fit, 403 for another site's form, 429 with ``Retry-After`` after too
        many attempts.
    """
    check_same_origin(request)
    now = services.clock()
    address = request.client.host if request.client else ""
    wait = services.attempts.begin(name, address, now)
    if wait > timedelta():
        seconds = math.ceil(wait.total_seconds())
        raise HTTPException(
            429,
            f"Too many attempts to log in. Try again in {math.ceil(seconds / 60)} min.",
            {"Retry-After": str(seconds)},
        )
    started = await anyio.to_thread.run_sync(
        lambda: log_in(
            services.engine,
            name,
            password,
            cookie=secrets.token_urlsafe(32),
            csrf=secrets.token_urlsafe(32),
            now=now,
            lasts=timedelta(hours=services.settings.session_hours),
        ),
        limiter=_limiter(request),
    )
    if started is None:
        raise HTTPException(401, _WRONG)
    services.attempts.succeeded(name, address)
    return started


async def sign_out(request: Request, response: Response, services: Services) -> None:
    """End the session, here and in the browser."""
    cookie = request.cookies.get(COOKIE)
    if cookie:
        await run_in_threadpool(log_out, services.engine, cookie)
    clear_session_cookie(response, request, services)


def _limiter(request: Request) -> CapacityLimiter:
    """Return what bounds the hashes under way at once; it belongs to the server's event loop."""
    state = request.app.state
    if not hasattr(state, "log_in_limiter"):
        state.log_in_limiter = CapacityLimiter(_AT_ONCE)
    limiter: CapacityLimiter = state.log_in_limiter
    return limiter
