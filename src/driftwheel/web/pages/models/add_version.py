"""Add a version to a model, with its ONNX file where there is one."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from driftwheel.errors import DriftwheelError
from driftwheel.services.models.register_model import add_model_version
from driftwheel.store.models.models import Model
from driftwheel.web.api.known_model import model_at
from driftwheel.web.pages.rendering import render
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_FRAME = 4096  # bytes of a form around the file in it


@router.get("/models/{name}/versions/new", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State, name: str) -> Response:
    """Show the form."""
    return _page(request, state, model_at(state.engine, name))


@router.post("/models/{name}/versions/new", dependencies=[permit("edit-models")])
async def _take_form(request: Request, state: State, caller: Caller, name: str) -> Response:
    """Keep the version and lead back to the model.

    The form is read here: the framework would read all of it before it is known who sends it.
    """
    async with request.form(max_files=1, max_fields=8) as form:
        model = await run_in_threadpool(model_at, state.engine, name)
        version = str(form.get("version") or "").strip()
        file = form.get("file")
        onnx = await file.read() if isinstance(file, UploadFile) else b""
        picked = isinstance(file, UploadFile) and bool(file.filename)
    if picked and not onnx:
        return await run_in_threadpool(
            _page, request, state, model, version=version, wrong="The file is empty.", status=422
        )
    try:
        await run_in_threadpool(
            add_model_version,
            state.engine,
            state.blobs,
            name,
            version,
            onnx=onnx or None,
            by=caller.name,
            now=state.clock(),
        )
    except DriftwheelError as error:
        status = status_of(error)
        if status == 500:
            raise
        return await run_in_threadpool(
            _page, request, state, model, version=version, wrong=str(error), status=status
        )
    return RedirectResponse(f"/models/{quote(name, safe='')}/setup?told=version#versions", 303)


def _page(
    request: Request,
    state: Services,
    model: Model,
    *,
    version: str = "",
    wrong: str = "",
    status: int = 200,
) -> Response:
    return render(
        request,
        "models/add_version.html.j2",
        status=status,
        model=model,
        version=version,
        wrong=wrong,
        most=state.settings.max_body_bytes - _FRAME,
    )
