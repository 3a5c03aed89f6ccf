"""Give a model an autoencoder, have one trained, or take it away."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.services.models.set_autoencoder import remove_autoencoder, set_autoencoder
from driftwheel.services.models.train_model_autoencoder import AutoencoderWish, ask_for_autoencoder
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import current_reference
from driftwheel.web.api.known_model import model_at
from driftwheel.web.pages.models.measure_again import SPANS, measure_again
from driftwheel.web.pages.rendering import render
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SIDES = {"32": "32 px: coarse and quick", "64": "64 px", "128": "128 px: four times as long"}
_FRAME = 4096  # bytes of a form around the file in it


@router.get("/models/{name}/autoencoder", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State, name: str) -> Response:
    """Show the form."""
    return _page(request, state, model_at(state.engine, name))


@router.post("/models/{name}/autoencoder", dependencies=[permit("edit-models")])
async def _take_form(request: Request, state: State, caller: Caller, name: str) -> Response:
    """Keep the file and lead back to the model.

    The form is read here: the framework would read all of it before it is known who sends it.
    """
    async with request.form(max_files=1, max_fields=8) as form:
        model = await run_in_threadpool(model_at, state.engine, name)
        anew = str(form.get("anew") or "")
        file = form.get("file")
        onnx = await file.read() if isinstance(file, UploadFile) else b""
    wrong, status = "", 422
    if not onnx:
        wrong = "Choose a file that `driftwheel autoencoder` wrote; this one is empty, or there is none."
    elif anew not in SPANS:
        wrong = "Choose what becomes of the records that came before."
    else:
        try:
            await run_in_threadpool(_set, state, name, onnx, anew, caller.name)
        except DriftwheelError as error:
            wrong, status = str(error), status_of(error)
            if status == 500:
                raise
    if wrong:
        return await run_in_threadpool(_page, request, state, model, anew=anew, wrong=wrong, status=status)
    return _back(name, "autoencoder")


@router.post("/models/{name}/autoencoder/train", dependencies=[permit("edit-models")])
def _train(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    side: Annotated[Literal["32", "64", "128"], Form()] = "64",
    grey: Annotated[str, Form()] = "",
) -> Response:
    """Ask a worker to train one and lead back to the model."""
    model = model_at(state.engine, name)
    try:
        wish = AutoencoderWish(int(side), not grey)
        ask_for_autoencoder(state.engine, name, wish, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, model, wrong=str(error), status=422)
    return _back(name, "training")


@router.post("/models/{name}/autoencoder/remove", dependencies=[permit("edit-models")])
def _remove(state: State, caller: Caller, name: str) -> Response:
    """Take it away and lead back to the model."""
    model_at(state.engine, name)
    remove_autoencoder(state.engine, name, by=caller.name, now=state.clock())
    return _back(name, "no-autoencoder")


def _set(state: Services, name: str, onnx: bytes, anew: str, by: str) -> None:
    set_autoencoder(state.engine, state.blobs, name, onnx, by=by, now=state.clock())
    measure_again(state, name, anew, by=by)


def _back(name: str, told: str) -> Response:
    return RedirectResponse(f"/models/{quote(name, safe='')}/setup?told={told}#autoencoder", 303)


def _page(
    request: Request,
    state: Services,
    model: Model,
    *,
    anew: str = "30",
    wrong: str = "",
    status: int = 200,
) -> Response:
    with reading(state.engine) as connection:
        reference = current_reference(connection, model.key)
    return render(
        request,
        "models/set_autoencoder.html.j2",
        status=status,
        model=model,
        referenced=reference is not None,
        folder=None if reference is None else reference.source.get("images"),
        anew=list(SPANS.items()),
        chosen=anew,
        wrong=wrong,
        most=state.settings.max_body_bytes - _FRAME,
        sides=list(_SIDES.items()),
        can_train=not state.settings.worker or find_spec("torch") is not None,
    )
