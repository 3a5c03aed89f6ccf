"""Register a model."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.register_model import NewModel, register_model
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_EMPTY = {
    "name": "",
    "task": "classification",
    "classes": "",
    "window": "day",
    "segment_tags": "",
    "embedder": "auto",
}


@router.get("/models/new", dependencies=[permit("edit-models")])
def _show_form(request: Request) -> Response:
    """Show the form."""
    return render(request, "register_model.html.j2", given=_EMPTY, wrong="")


@router.post("/models/new", dependencies=[permit("edit-models")])
def _register(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: Annotated[str, Form()] = "",
    task: Annotated[str, Form()] = "classification",
    classes: Annotated[str, Form()] = "",
    window: Annotated[str, Form()] = "day",
    segment_tags: Annotated[str, Form()] = "",
    embedder: Annotated[str, Form()] = "auto",
) -> Response:
    """Register it and lead to its page."""
    new = NewModel(
        name.strip(), task, _names(classes), window, _names(segment_tags), embedder.strip() or "auto"
    )
    try:
        model = register_model(state.engine, new, by=caller.name, now=state.clock())
    except UsageError as error:
        given = {
            "name": name,
            "task": task,
            "classes": classes,
            "window": window,
            "segment_tags": segment_tags,
            "embedder": embedder,
        }
        return render(request, "register_model.html.j2", status=422, given=given, wrong=str(error))
    return RedirectResponse(f"/models/{quote(model.name, safe='')}?told=registered", 303)


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))
