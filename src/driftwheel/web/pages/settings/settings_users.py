"""Settings: users. Add one, change a role, switch one off or on, give a new password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import ROLES, allows
from driftwheel.services.access.change_user import change_password, change_role, set_active
from driftwheel.services.access.create_user import create_user
from driftwheel.services.access.password import random_password
from driftwheel.store.access.users import list_users
from driftwheel.store.engine.database import reading
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["MEANINGS", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

MEANINGS: Mapping[str, str] = {
    "admin": "everything, and users and tokens",
    "engineer": "models, references, records, images, labels",
    "annotator": "labels images",
    "ingest": "logs, and sees nothing",
    "viewer": "looks, and changes nothing",
}


@router.get("/settings", dependencies=[permit("logged-in")])
def _show_settings(caller: Caller) -> Response:
    """Lead to the first part of the settings that the caller may see."""
    if allows(caller, "administer"):
        return RedirectResponse("/settings/users", 303)
    return RedirectResponse(
        "/settings/retention" if allows(caller, "edit-models") else "/settings/account", 303
    )


@router.get("/settings/users", dependencies=[permit("administer")])
def _show_users(request: Request, state: State) -> Response:
    """List the users."""
    return _page(request, state)


@router.post("/settings/users", dependencies=[permit("administer")])
def _add_user(
    request: Request,
    state: State,
    caller: Caller,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "viewer",
) -> Response:
    """Add a user with a random password, shown once."""
    name = name.strip()
    password = random_password()
    try:
        create_user(state.engine, name, password, role, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, wrong=str(error), given={"name": name, "role": role})
    return _page(request, state, password=(name, password))


@router.post("/settings/users/{user}/role", dependencies=[permit("administer")])
def _set_role(
    request: Request, state: State, caller: Caller, user: str, role: Annotated[str, Form()] = ""
) -> Response:
    """Give a user another role."""

    def change() -> None:
        change_role(state.engine, user, role, by=caller.name, now=state.clock())

    return _done(request, state, change, f"{user} has the role {role} now and logs in anew.")


@router.post("/settings/users/{user}/active", dependencies=[permit("administer")])
def _switch(
    request: Request, state: State, caller: Caller, user: str, active: Annotated[str, Form()] = ""
) -> Response:
    """Switch a user on or off."""
    on = active == "yes"

    def change() -> None:
        set_active(state.engine, user, on, by=caller.name, now=state.clock())

    return _done(request, state, change, f"{user} is {'active' if on else 'switched off'}.")


@router.post("/settings/users/{user}/password", dependencies=[permit("administer")])
def _renew_password(request: Request, state: State, caller: Caller, user: str) -> Response:
    """Give a user a new random password, shown once."""
    password = random_password()
    try:
        change_password(state.engine, user, password, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, wrong=str(error))
    return _page(request, state, password=(user, password))


def _done(request: Request, state: Services, change: Callable[[], None], done: str) -> Response:
    try:
        change()
    except UsageError as error:
        return _page(request, state, wrong=str(error))
    return _page(request, state, done=done)


def _page(
    request: Request,
    state: Services,
    *,
    done: str = "",
    wrong: str = "",
    password: tuple[str, str] | None = None,
    given: Mapping[str, Any] | None = None,
) -> Response:
    with reading(state.engine) as connection:
        users = list_users(connection)
    return render(
        request,
        "settings/settings_users.html.j2",
        status=422 if wrong else 200,
        users=users,
        roles=[(role, role) for role in ROLES],
        meanings=list(MEANINGS.items()),
        done=done,
        wrong=wrong,
        password=password,
        given={"name": "", "role": "viewer", **(given or {})},
    )
