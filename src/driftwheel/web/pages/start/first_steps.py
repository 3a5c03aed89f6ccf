"""First steps: from an empty installation to the first verdict, with what is done already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import allows
from driftwheel.services.access.create_token import create_token
from driftwheel.services.browse.describe_first_steps import (
    describe_first_steps,
    put_first_steps_aside,
)
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.models.set_reference import Folder, set_reference
from driftwheel.store.access.tokens import list_tokens
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.windows.windows import window_of
from driftwheel.web.pages.models.model_fields import names_of_lines, names_with_commas
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.snippets import (
    ANY_TOKEN,
    curl_snippet,
    folder_curl_snippet,
    folder_snippet,
    log_snippet,
)
from driftwheel.web.pages.start.first_steps_words import Step, steps_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_EMPTY = {
    "name": "",
    "task": "classification",
    "window": "day",
    "classes": "",
    "segment_tags": "",
    "path": "",
}


@router.get("/start", dependencies=[permit("edit-models")])
def _show_steps(request: Request, state: State) -> Response:
    """Show the steps; only these where a script asks for them."""
    return _page(request, state)


@router.post("/start/model", dependencies=[permit("edit-models")])
def _register(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: Annotated[str, Form()] = "",
    task: Annotated[str, Form()] = "classification",
    window: Annotated[str, Form()] = "day",
    classes: Annotated[str, Form()] = "",
    segment_tags: Annotated[str, Form()] = "",
) -> Response:
    """Register the first model."""
    try:
        tags = names_with_commas(segment_tags)
        new = NewModel(name.strip(), task, names_of_lines(classes), window, tags)
        register_model(state.engine, new, by=caller.name, now=state.clock())
    except UsageError as error:
        given = {
            "name": name,
            "task": task,
            "window": window,
            "classes": classes,
            "segment_tags": segment_tags,
        }
        return _page(request, state, given=given, wrong=("model", str(error)))
    return RedirectResponse("/start", 303)


@router.post("/start/reference", dependencies=[permit("administer")])
def _refer(request: Request, state: State, caller: Caller, path: Annotated[str, Form()] = "") -> Response:
    """Set a folder on the server as its reference."""
    with reading(state.engine) as connection:
        steps = describe_first_steps(connection, state.clock())
    try:
        if steps.model is not None:
            folder = Folder(_named(path.strip()))
            set_reference(state.engine, steps.model.name, folder, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, given={"path": path}, wrong=("reference", str(error)))
    return RedirectResponse("/start", 303)


@router.post("/start/token", dependencies=[permit("administer")])
def _make_token(request: Request, state: State, caller: Caller) -> Response:
    """Make a token that may log to the model and nothing else; its text stands in the snippets, this once."""
    now = state.clock()
    with reading(state.engine) as connection:
        steps = describe_first_steps(connection, now)
        used = {one.name for one in list_tokens(connection) if one.is_good(now)}
    if steps.model is None:
        return RedirectResponse("/start", 303)
    wanted = f"{steps.model.name} first steps"[:120]
    name = next(one for one in (wanted, *(f"{wanted} {n}" for n in range(2, 10_000))) if one not in used)
    made = create_token(state.engine, name, "ingest", by=caller.name, now=now, models=[steps.model.name])
    return _page(request, state, token=made.text)


@router.post("/start/aside", dependencies=[permit("edit-models")])
def _put_aside(state: State, caller: Caller) -> Response:
    """Put the first steps aside."""
    put_first_steps_aside(state.engine, by=caller.name, now=state.clock())
    return RedirectResponse("/", 303)


def _named(path: str) -> str:
    if not path:
        raise UsageError("Name the folder of images, as the server sees it.")
    return path


def _over(model: Model, now: datetime) -> datetime:
    """Return a moment in the last window that is over."""
    start, end = window_of(now, model.window)
    return start - (end - start)


def _snippets(request: Request, model: Model, now: datetime, token: str) -> Mapping[str, str]:
    server = str(request.base_url).rstrip("/")
    start = _over(model, now)
    return {
        "folder": folder_snippet(server, model.name, model.task, model.classes, start, token),
        "folder_curl": folder_curl_snippet(server, model.name, start, token),
        "live": log_snippet(server, model.name, model.task, model.classes, token=token),
        "curl": curl_snippet(server, model.name, token=token),
    }


def _page(
    request: Request,
    state: Services,
    *,
    given: Mapping[str, Any] | None = None,
    wrong: tuple[str, str] = ("", ""),
    token: str = "",
) -> Response:
    now = state.clock()
    with reading(state.engine) as connection:
        steps = describe_first_steps(connection, now)
    model = steps.model
    listed: Sequence[Step] = steps_of(steps, now)
    part = request.headers.get("x-part") == "steps"
    return render(
        request,
        "start/first_steps_list.html.j2" if part else "start/first_steps.html.j2",
        status=422 if wrong[0] else 200,
        it=steps,
        steps=listed,
        done=steps.done,
        finished=steps.verdict is not None,
        model=model,
        here="" if model is None else f"/models/{quote(model.name, safe='')}",
        given={**_EMPTY, **(given or {})},
        wrong=dict([wrong]),
        token=token,
        any_token=ANY_TOKEN,
        snippets={} if model is None else _snippets(request, model, now, token or ANY_TOKEN),
        over=None if model is None else _over(model, now),
        admins=allows(request.state.identity, "administer"),
    )
