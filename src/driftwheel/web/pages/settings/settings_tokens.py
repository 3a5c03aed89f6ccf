"""Settings: tokens. Create one and show it once; revoke one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import ROLES
from driftwheel.services.access.create_token import CreatedToken, create_token, revoke_token
from driftwheel.store.access.tokens import list_tokens
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import list_models
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.start import note_token_uses
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_MOST_DAYS = 3660
_ORDER = ("ingest", "viewer", "engineer", "annotator", "admin")  # what most need comes first


@router.get("/settings/tokens", dependencies=[permit("administer")])
def _show_tokens(request: Request, state: State) -> Response:
    """List the tokens."""
    return _page(request, state)


@router.post("/settings/tokens", dependencies=[permit("administer")])
def _add_token(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "ingest",
    models: Annotated[list[str] | None, Form()] = None,
    days: Annotated[str, Form()] = "",
) -> Response:
    """Create a token and show it, this once."""
    now = state.clock()
    given = {"name": name, "role": role, "models": models or [], "days": days}
    try:
        created = create_token(
            state.engine,
            name.strip(),
            role,
            by=caller.name,
            now=now,
            models=models or None,
            expires=None if not days else now + timedelta(days=_read_days(days)),
        )
    except UsageError as error:
        return _page(request, state, wrong=str(error), given=given)
    return _page(request, state, created=created)


@router.post("/settings/tokens/{key}/revoke", dependencies=[permit("administer")])
def _end_token(
    request: Request, state: State, caller: Caller, key: Annotated[int, Path(ge=0, lt=2**31)]
) -> Response:
    """Revoke a token; it stops working at once on this server."""
    try:
        token = revoke_token(state.engine, key, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, wrong=str(error))
    state.known_tokens.forget()
    return _page(request, state, done=f"The token {token.name} is revoked.")


def _read_days(text: str) -> int:
    if text.isdecimal() and len(text) < 10 and 0 < int(text) <= _MOST_DAYS:
        return int(text)
    raise UsageError(f"A token cannot end in '{text[:20]}' days; give 1 to {_MOST_DAYS}.")


def _page(
    request: Request,
    state: Services,
    *,
    done: str = "",
    wrong: str = "",
    created: CreatedToken | None = None,
    given: Mapping[str, Any] | None = None,
) -> Response:
    now = state.clock()
    note_token_uses(state)
    with reading(state.engine) as connection:
        tokens = list_tokens(connection)
        models = [model.name for model in list_models(connection)]
    return render(
        request,
        "settings/settings_tokens.html.j2",
        status=422 if wrong else 200,
        good=[token for token in tokens if token.is_good(now)],
        ended=[token for token in tokens if not token.is_good(now)],
        roles=[(role, role) for role in sorted(ROLES, key=_ORDER.index)],
        models=models,
        done=done,
        wrong=wrong,
        created=created,
        given={"name": "", "role": "ingest", "models": [], "days": "", **(given or {})},
    )
