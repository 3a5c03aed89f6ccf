"""Set the reference of a model: a folder of images, a past time, or a trailing one."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import allows
from driftwheel.services.models.set_reference import Folder, Range, Trailing, set_reference
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.images.image_filter import read_time
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_EMPTY = {"kind": "folder", "path": "", "start": "", "end": "", "days": "14"}


@router.get("/models/{name}/reference", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State, caller: Caller, name: str) -> Response:
    """Show the form."""
    folders = allows(caller, "administer")
    given = _EMPTY if folders else {**_EMPTY, "kind": "range"}
    return render(
        request,
        "models/set_reference.html.j2",
        model=_model(state, name),
        given=given,
        folders=folders,
        wrong="",
    )


@router.post("/models/{name}/reference", dependencies=[permit("edit-models")])
def _take_form(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    kind: Annotated[str, Form()] = "folder",
    path: Annotated[str, Form()] = "",
    start: Annotated[str, Form()] = "",
    end: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "",
) -> Response:
    """Set it and lead back to the model; a worker measures it.

    A folder is any on the server's machine, so only an admin may name one.
    """
    model = _model(state, name)
    folders = allows(caller, "administer")
    try:
        source = _source(kind, path.strip(), (start, end), days.strip(), folders=folders)
        set_reference(state.engine, name, source, by=caller.name, now=state.clock())
    except UsageError as error:
        given = {**_EMPTY, "kind": kind, "path": path, "days": days}
        return render(
            request,
            "models/set_reference.html.j2",
            status=422,
            model=model,
            given=given,
            folders=folders,
            wrong=str(error),
        )
    return RedirectResponse(f"/models/{quote(name, safe='')}?told=reference", 303)


def _source(
    kind: str, path: str, span: tuple[str, str], days: str, *, folders: bool
) -> Folder | Range | Trailing:
    if kind == "range":
        if not all(span):
            raise UsageError("A past time has a beginning and an end; give both.")
        return Range(read_time(span[0]), read_time(span[1]))
    if kind == "trailing":
        if not days.isdecimal() or len(days) > 9:
            raise UsageError(f"'{days[:20]}' is no number of days; give a whole number, such as 14.")
        return Trailing(int(days))
    if not folders:
        raise UsageError("Only an admin may name a folder of the server. Take a past time, or ask one.")
    if not path:
        raise UsageError("Name the folder of images, as the server sees it.")
    return Folder(path)


def _model(state: Services, name: str) -> Model:
    with reading(state.engine) as connection:
        return known_model(connection, name)
