"""Make a labelling project, and change what it asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.label.projects.create_project import create_project, edit_project
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import list_models
from driftwheel.web.pages.label.known_project import Key, known_project
from driftwheel.web.pages.label.project_form import (
    ANSWERS,
    ProjectFields,
    classes_text,
    project_fields_of,
    read_classes,
    read_project,
)
from driftwheel.web.pages.rendering import render
from driftwheel.web.safe_markdown import safe_markdown
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


class _Fields(ProjectFields):
    """The whole form, as it was typed."""

    model: str = ""


@router.get("/labels/new", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State) -> Response:
    """Show the form, filled in as the model tells."""
    return _form(request, state)


@router.post("/labels/new", dependencies=[permit("edit-models")])
def _create(request: Request, state: State, caller: Caller, given: Annotated[_Fields, Form()]) -> Response:
    """Make the project and lead to it."""
    try:
        new = read_project(given)
        made = create_project(
            state.engine,
            new.name,
            given.model,
            new.answer,
            new.classes,
            instructions=new.instructions,
            by=caller.name,
            now=state.clock(),
        )
    except UsageError as error:
        return _form(request, state, given=given, wrong=str(error))
    return RedirectResponse(f"/labels/{made.key}?told=created", 303)


@router.get("/labels/{project}/settings", dependencies=[permit("read")])
def __settings_page(request: Request, state: State, project: Key) -> Response:
    """Show what the project asks."""
    return _settings_page(request, state, project)


@router.post("/labels/{project}/settings", dependencies=[permit("edit-models")])
def _change(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    classes: Annotated[str, Form()] = "",
    instructions: Annotated[str, Form()] = "",
) -> Response:
    """Change instructions and classes."""
    with reading(state.engine) as connection:
        known_project(connection, project)
    try:
        edit_project(
            state.engine,
            project,
            classes=read_classes(classes),
            instructions=instructions.strip(),
            by=caller.name,
            now=state.clock(),
        )
    except UsageError as error:
        given = ProjectFields(classes=classes, instructions=instructions)
        return _settings_page(request, state, project, given=given, wrong=str(error))
    return RedirectResponse(f"/labels/{project}/settings?told=saved", 303)


def _form(request: Request, state: Services, *, given: _Fields | None = None, wrong: str = "") -> Response:
    with reading(state.engine) as connection:
        models = list_models(connection)
    if not models:
        return render(request, "models/no_model.html.j2")
    asked = request.query_params.get("model", "")
    first = next((one for one in models if one.name == asked), models[0])
    return render(
        request,
        "label/new_project.html.j2",
        status=422 if wrong else 200,
        given=given or _Fields(**project_fields_of(first).model_dump(), model=first.name),
        models=[(one.name, one.name) for one in models],
        answers=ANSWERS,
        wrong=wrong,
    )


def _settings_page(
    request: Request,
    state: Services,
    project: int,
    *,
    given: ProjectFields | None = None,
    wrong: str = "",
) -> Response:
    """Show what the project asks, and what could not be done."""
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
    fields = given or ProjectFields(classes=classes_text(found.classes), instructions=found.instructions)
    return render(
        request,
        "label/settings.html.j2",
        status=422 if wrong else 200,
        project=found,
        model=model,
        given=fields,
        shown=safe_markdown(fields.instructions, found.key),
        done="Saved." if request.query_params.get("told") == "saved" else "",
        wrong=wrong,
    )
