"""Settings: one's own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.access.change_user import change_password
from driftwheel.services.access.password import verify_password
from driftwheel.store.access.users import user_by_key
from driftwheel.store.engine.database import reading
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller, has_joined
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/settings/account", dependencies=[permit("logged-in")])
def _show_account(request: Request, caller: Caller) -> Response:
    """Show the form."""
    if has_joined(caller):
        raise HTTPException(403, "Who labels by an invitation has no password.")
    return render(request, "settings/settings_account.html.j2", done="", wrong="")


@router.post("/settings/account", dependencies=[permit("logged-in")])
def _change_own_password(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change one's own password, which ends all one's sessions."""
    if caller.user is None:
        raise HTTPException(403, "A token has no password; log in.")
    origin = request.client.host if request.client else ""
    now = state.clock()
    if state.attempts.begin(caller.name, origin, now):
        return _again(request, "Too many attempts. Try again in some minutes.", 429)
    with reading(state.engine) as connection:
        user = user_by_key(connection, caller.user)
    if user is None or not verify_password(old, user.password)[0]:
        return _again(request, "That is not your password now.")
    state.attempts.succeeded(caller.name, origin)
    if new != again:
        return _again(request, "The new password was not written the same twice.")
    try:
        change_password(state.engine, caller.name, new, by=caller.name, now=now)
    except UsageError as error:
        return _again(request, str(error))
    return RedirectResponse("/log-in", 303)


def _again(request: Request, wrong: str, status: int = 422) -> Response:
    return render(request, "settings/settings_account.html.j2", status=status, done="", wrong=wrong)
