"""Register a model."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.web.pages.models.model_fields import (
    embedder_field,
    names_of_lines,
    names_with_commas,
    read_embedder,
)
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_EMPTY = {"name": "", "task": "classification", "classes": "", "window": "day", "segment_tags": ""}


@router.get("/models/new", dependencies=[permit("edit-models")])
def _show_form(request: Request, caller: Caller) -> Response:
    """Show the form."""
    field = embedder_field(caller)
    return render(request, "models/register_model.html.j2", given=_EMPTY, embedder=field, wrong="")


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
    embedder_path: Annotated[str, Form()] = "",
) -> Response:
    """Register it and lead to its page."""
    try:
        new = NewModel(
            name.strip(),
            task,
            names_of_lines(classes),
            window,
            names_with_commas(segment_tags),
            read_embedder(caller, embedder, embedder_path),
        )
        model = register_model(state.engine, new, by=caller.name, now=state.clock())
    except UsageError as error:
        given = {
            "name": name,
            "task": task,
            "classes": classes,
            "window": window,
            "segment_tags": segment_tags,
        }
        field = embedder_field(caller, embedder_path.strip() or embedder)
        return render(
            request,
            "models/register_model.html.j2",
            status=422,
            given=given,
            embedder=field,
            wrong=str(error),
        )
    return RedirectResponse(f"/models/{quote(model.name, safe='')}?told=registered", 303)
