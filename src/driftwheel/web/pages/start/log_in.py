"""Logging in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.web.pages.rendering import render
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.security.session_cookie import set_session_cookie
from driftwheel.web.sign_in import sign_in, sign_out
from driftwheel.web.state import State

__all__ = ["router", "safe_next"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_LONGEST = 128


def safe_next(address: str) -> str:
    r"""Return where to go after logging in: `address` when it is one of ours, the start otherwise.

    Examples
    --------
    >>> safe_next("/images?model=pets"), safe_next("//evil.example"), safe_next("/\\evil.example")
    ('/images?model=pets', '/', '/')
    """
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if ours and not address.startswith(("/log-in", "/log-out")) else "/"


@router.get("/log-in", dependencies=[permit("public")])
async def _show_log_in(request: Request, next: str = "/") -> Response:  # noqa: A002
    """Show the form."""
    return render(request, "start/log_in.html.j2", next=safe_next(next), name="", wrong="")


@router.post("/log-in", dependencies=[permit("public")])
async def _do_log_in(
    request: Request,
    state: State,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Begin a session, or say that name and password do not fit, and never which of the two."""
    target = safe_next(next)
    try:
        session = await sign_in(request, state, name.strip(), password)
    except HTTPException as error:
        page = render(
            request,
            "start/log_in.html.j2",
            status=error.status_code,
            next=target,
            name=name[:_LONGEST],
            wrong=str(error.detail),
        )
        page.headers.update(error.headers or {})
        return page
    answer = RedirectResponse(target, 303)
    set_session_cookie(answer, request, state, session.cookie, session.expires)
    return answer


@router.post("/log-out", dependencies=[permit("logged-in")])
async def _do_log_out(request: Request, state: State) -> Response:
    """End the session."""
    answer = RedirectResponse("/log-in", 303)
    await sign_out(request, answer, state)
    return answer
