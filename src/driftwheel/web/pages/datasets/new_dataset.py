"""Make a dataset version by page: of labels, of an earlier version, of an archive that is sent."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from driftwheel.datasets.example import SOURCES, Source
from driftwheel.datasets.source_words import SOURCE_WORDS
from driftwheel.datasets.splits import SplitShares
from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.services.datasets.create_version import MadeVersion, create_version
from driftwheel.services.datasets.new_version import GroupRule, LabelChoice, NewVersion, SplitRule
from driftwheel.store.datasets.dataset_versions import list_dataset_versions
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import list_projects
from driftwheel.web.api.exchange import suffix_of
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.datasets.versions import dataset_address
from driftwheel.web.pages.rendering import render
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_FRAME = 8192  # bytes of a form around the file in it
_PIECE = 1 << 20


class _Fields(BaseModel):
    """The form, as it was typed."""

    parent: str = ""
    labels: str = ""
    since: str = ""
    until: str = ""
    pool: str = ""
    source: list[str] = []
    train: str = "70"
    validation: str = "15"
    test: str = "15"
    own_split: str = ""
    tags: str = ""
    pattern: str = ""
    new_classes: str = ""
    note: str = ""


@router.get("/models/{name}/datasets/new", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State, name: str) -> Response:
    """Show the form."""
    model_at(state.engine, name)
    return _page(request, state, name, _Fields(labels="yes"))


@router.post("/models/{name}/datasets/new", dependencies=[permit("edit-models")])
def _make(
    request: Request, state: State, caller: Caller, name: str, given: Annotated[_Fields, Form()]
) -> Response:
    """Make the version and lead to it."""
    model_at(state.engine, name)
    try:
        made = _create(state, _wish(name, given), caller.name)
    except DriftwheelError as error:
        if (status := status_of(error)) == 500:
            raise
        return _page(request, state, name, given, wrong=str(error), status=status)
    return _to(name, made)


@router.post("/models/{name}/datasets/folder", dependencies=[permit("edit-models")])
async def _take_file(request: Request, state: State, caller: Caller, name: str) -> Response:
    """Make a version of an archive, or of a file of corrections, and lead to it.

    The form is read here: the framework would read all of it before it is known who sends it.
    """
    async with request.form(max_files=1, max_fields=12) as form:
        await run_in_threadpool(model_at, state.engine, name)
        texts = {key: value for key, value in form.items() if isinstance(value, str)}
        given = _Fields.model_validate({key: texts[key] for key in texts if key in _Fields.model_fields})
        file = form.get("file")
        with tempfile.TemporaryDirectory() as folder:
            try:
                if not isinstance(file, UploadFile) or not file.size:
                    raise UsageError("Choose a zip archive of labelled images, or a label file.")
                path = await _kept(file, FilePath(folder))
                wish = _wish(name, given, folder=path, called=(file.filename or "")[:128])
                made = await run_in_threadpool(_create, state, wish, caller.name)
            except DriftwheelError as error:
                if (status := status_of(error)) == 500:
                    raise
                return await run_in_threadpool(
                    _page, request, state, name, given, wrong=str(error), status=status
                )
    return _to(name, made)


def _create(state: Services, wish: NewVersion, by: str) -> MadeVersion:
    return create_version(state.engine, state.blobs, wish, by=by, now=state.clock())


async def _kept(file: UploadFile, folder: FilePath) -> FilePath:
    path = folder / "labels"
    beginning = b""
    with path.open("wb") as out:
        while piece := await file.read(_PIECE):
            beginning = beginning or piece[:256]
            await run_in_threadpool(out.write, piece)
    return path.rename(path.with_suffix(suffix_of(beginning)))


def _to(name: str, made: MadeVersion) -> Response:
    told = "made" if made.is_new else "same"
    return RedirectResponse(f"{dataset_address(name, made.version.number)}?told={told}", 303)


def _wish(name: str, given: _Fields, **more: Any) -> NewVersion:
    """Return what the form asks for."""
    labels = None
    if given.labels == "yes":
        until = _day(given.until)
        labels = LabelChoice(
            _day(given.since),
            None if until is None else until + timedelta(days=1),
            (_whole(given.pool, "pool"),) if given.pool else None,
            _sources(given.source),
        )
    return NewVersion(
        name,
        parent=_whole(given.parent, "version") if given.parent else None,
        labels=labels,
        splits=_rule(given) if given.own_split == "yes" or not given.parent else None,
        new_classes=given.new_classes == "yes",
        note=given.note.strip(),
        **more,
    )


def _rule(given: _Fields) -> SplitRule:
    shares = [_share(text) for text in (given.train, given.validation, given.test)]
    tags = tuple(one.strip() for one in given.tags.split(",") if one.strip())
    return SplitRule(SplitShares(*shares), GroupRule(tags, given.pattern.strip()))


def _sources(given: list[str]) -> tuple[Source, ...] | None:
    """Return the sources that were ticked; None where that are all, or none."""
    chosen = tuple(one for one in SOURCES if one in given)
    return None if not chosen or len(chosen) >= len(SOURCES) - 1 else chosen


def _share(text: str) -> float:
    try:
        return float(text.strip().removesuffix("%").replace(",", ".") or "0") / 100
    except ValueError:
        raise UsageError(f"'{text:.20}' is no share in percent; give a number such as 70.") from None


def _whole(text: str, what: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"'{text:.20}' is no {what}; choose one of the list.")
    return int(text)


def _day(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"'{text:.20}' is no day; write it as 2026-03-04.") from None


def _page(
    request: Request,
    state: Services,
    name: str,
    given: _Fields,
    *,
    wrong: str = "",
    status: int = 200,
) -> Response:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame = model_frame(connection, state, model)
        versions = [
            one for one in list_dataset_versions(connection, model.key, limit=200) if one.removed is None
        ]
        pools = [
            (str(pool.key), f"{project.name}: {pool.name}")
            for project in list_projects(connection)
            if project.model == model.key
            for pool in list_pools(connection, project.key)
        ]
    ticked = given.source or [one for one in SOURCES if one != "folder"]
    return render(
        request,
        "datasets/new_dataset.html.j2",
        status=status,
        **frame,
        at=dataset_address(name),
        given=given,
        versions=[("", "none")]
        + [(str(one.number), f"version {one.number}, {one.images:,} images") for one in versions],
        pools=[("", "all"), *pools],
        sources=[(one, SOURCE_WORDS[one], one in ticked) for one in SOURCES if one != "folder"],
        most=state.settings.max_body_bytes - _FRAME,
        wrong=wrong,
    )
