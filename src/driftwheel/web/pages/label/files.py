"""Labels in and out of a project as files of other tools: a look at what one would do, then it is read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from driftwheel.errors import DriftwheelError, LabelFormatError, UsageError, did_you_mean
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.formats.single_answer import AnswerChoice
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.exchange.brought_images import Bringing
from driftwheel.services.exchange.import_count import ImportAs
from driftwheel.services.exchange.kept_imports import (
    begin_import,
    discard_import,
    import_of_project,
    keep_upload,
)
from driftwheel.services.exchange.undo_import import undo_import
from driftwheel.services.label.pools.create_pool import NewPool, create_pool, drop_empty_pool
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_imports import LabelImport, list_imports
from driftwheel.store.labels.pools import list_pools
from driftwheel.web.pages.label.import_view import AS, import_view
from driftwheel.web.pages.label.known_project import Key, known_project
from driftwheel.web.pages.label.upload import one_file
from driftwheel.web.pages.rendering import render
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["FORMATS", "router", "show_files"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

FORMATS = (
    ("coco", "COCO", "one JSON file: boxes"),
    ("yolo", "YOLO", "a text file an image: boxes"),
    ("voc", "Pascal VOC", "an XML file an image: boxes"),
    ("folders", "Folders", "one a class, with the images"),
    ("csv", "CSV", "a line an image: classes"),
    ("cvat", "CVAT for images", "one XML file: classes and boxes"),
    ("label-studio", "Label Studio", "one JSON file: classes and boxes, with who said what"),
)
"""Formats of label files, what they are called, and what they hold."""

_NEW = "new"
_ANSWERS = (
    ("", "the only one of each image"),
    ("latest", "the latest"),
    ("first", "the first"),
    ("human", "that of a person"),
    ("model", "that of a model"),
    ("golden", "the one that is marked as true"),
)
_TOLD = {"begun": "It is being read.", "undone": "It is being taken back.", "discarded": "It is forgotten."}
_FRAME = 16_384  # bytes of a form around the files in it
_FILES = 1000


@router.get("/labels/{project}/files", dependencies=[permit("read")])
def _show(request: Request, state: State, project: Key) -> Response:
    """Show what goes out and what came in."""
    return show_files(request, state, project)


@router.post("/labels/{project}/files", dependencies=[permit("edit-models")])
async def _upload(request: Request, state: State, caller: Caller, project: Key) -> Response:
    """Keep an upload, say what reading it would do, and ask."""
    async with request.form(max_files=_FILES, max_fields=20) as form:
        given = {
            name: str(form.get(name) or "") for name in ("what", "pool", "name", "format", "answers", "lossy")
        }
        files = _files(form)

        def keep() -> LabelImport:
            return _keep(state, caller.name, project, given, files)

        try:
            made = await run_in_threadpool(keep)
        except DriftwheelError as error:
            if (status := status_of(error)) == 500:
                raise
            return await run_in_threadpool(
                show_files, request, state, project, given=given, wrong=str(error), status=status
            )
    return RedirectResponse(f"/labels/{project}/files/{made.key}", 303)


@router.get("/labels/{project}/files/{key}", dependencies=[permit("read")])
def _show_import(request: Request, state: State, project: Key, key: Key) -> Response:
    """Show what reading a file would do, how far it is, or what came of it."""
    return _import(request, state, project, key)


@router.post("/labels/{project}/files/{key}", dependencies=[permit("edit-models")])
def _decide(  # noqa: PLR0917
    request: Request, state: State, caller: Caller, project: Key, key: Key, act: Annotated[str, Form()] = ""
) -> Response:
    """Have it read, forget it, or undo it."""
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "read": (lambda: begin_import(state.engine, project, key, by=caller.name), "begun"),
        "discard": (lambda: discard_import(state.engine, project, key), "discarded"),
        "undo": (
            lambda: undo_import(state.engine, project, key, by=caller.name, now=state.clock()),
            "undone",
        ),
    }
    chosen = acts.get(act)
    if chosen is None:
        return _import(request, state, project, key, wrong="Choose what is to be done with the file.")
    try:
        chosen[0]()
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    except UsageError as error:
        return _import(request, state, project, key, wrong=str(error))
    place = f"/labels/{project}/files" + ("" if act == "discard" else f"/{key}")
    return RedirectResponse(f"{place}?told={chosen[1]}", 303)


def _files(form: FormData) -> list[UploadFile]:
    return [one for one in form.getlist("files") if isinstance(one, UploadFile)]


def _keep(
    state: Services, by: str, project: int, given: dict[str, str], files: Sequence[UploadFile]
) -> LabelImport:
    what = _as(given["what"])
    options = LabelOptions(
        from_format=_format(given["format"]),
        answers=cast("AnswerChoice", given["answers"])
        if given["answers"] in dict(_ANSWERS) and given["answers"]
        else None,
        allow=frozenset(Loss) if given["lossy"] == "yes" else frozenset(),
    )
    with tempfile.TemporaryDirectory() as folder:
        file, name = one_file(files, Path(folder))
        now = state.clock()
        pool, is_new = _pool(state, by, project, given)
        try:
            return keep_upload(
                state.engine,
                project,
                pool,
                file,
                what,
                name=name,
                options=options,
                bringing=Bringing(state.blobs, state.settings),
                by=by,
                now=now,
            )
        except DriftwheelError as error:
            if is_new:
                drop_empty_pool(state.engine, project, pool)
            told = str(error).replace(str(file), name).replace(f"{folder}/", "").replace(file.name, name)
            raise type(error)(told) if isinstance(error, UsageError | LabelFormatError) else error  # noqa: B904


def _as(text: str) -> ImportAs:
    if text not in get_args(ImportAs):
        raise UsageError(f"Labels become {', '.join(get_args(ImportAs))}, not '{text:.20}'.")
    return cast("ImportAs", text)


def _format(text: str) -> LabelFormat | None:
    known = {one.value: one for one in LabelFormat}
    if text and text not in known:
        raise UsageError(f"There is no format '{text:.20}'.{did_you_mean(text, known)}")
    return known.get(text)


def _pool(state: Services, by: str, project: int, given: dict[str, str]) -> tuple[int, bool]:
    """Return the pool of a form, and whether it was made just now."""
    text = given["pool"]
    if text == _NEW:
        new = NewPool(given["name"].strip())
        return create_pool(state.engine, project, new, by=by, now=state.clock()).key, True
    with reading(state.engine) as connection:
        known = {str(one.key): one.key for one in list_pools(connection, project)}
    if text not in known:
        raise UsageError("Choose a pool that the labels come into, or a new one.")
    return known[text], False


def show_files(
    request: Request,
    state: Services,
    project: int,
    *,
    given: dict[str, str] | None = None,
    wrong: str = "",
    status: int = 422,
) -> Response:
    """Show what goes out and what came in, and what could not be done."""
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        pools = list_pools(connection, project)
        imports = list_imports(connection, project, limit=50)
    taking = [one for one in pools if not (one.state == "closed" and one.done < one.tasks)]
    names = {one.key: one.name for one in pools}
    first = {
        "what": "consensus",
        "pool": str(taking[-1].key) if taking else _NEW,
        "name": f"Files of {state.clock():%Y-%m-%d}",
        "format": "",
        "answers": "",
        "lossy": "",
    }
    return render(
        request,
        "label/files.html.j2",
        status=status if wrong else 200,
        project=found,
        model=model,
        given=first | (given or {}),
        formats=FORMATS,
        read_formats=[("", "found out"), *((one, called) for one, called, _ in FORMATS)],
        kinds=[(one, words) for one, words in AS.items()],
        answers=_ANSWERS,
        pools=[*((str(one.key), one.name) for one in taking), (_NEW, "a new pool")],
        imports=[(import_view(one), names.get(one.pool, "")) for one in imports],
        most=state.settings.max_body_bytes - _FRAME,
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong=wrong,
    )


def _import(request: Request, state: Services, project: int, key: int, *, wrong: str = "") -> Response:
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        pools = {one.key: one for one in list_pools(connection, project)}
    try:
        it = import_of_project(state.engine, project, key)
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    view = import_view(it)
    told = _TOLD.get(request.query_params.get("told", ""), "") if view.moves else ""
    return render(
        request,
        "label/import.html.j2",
        status=422 if wrong else 200,
        project=found,
        model=model,
        pool=pools[it.pool],
        view=view,
        done=told,
        wrong=wrong,
    )
