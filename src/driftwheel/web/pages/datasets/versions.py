"""The dataset versions of a model: what the newest holds, what has come since, and those before."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import DriftwheelError
from driftwheel.report.numbers import several
from driftwheel.services.datasets.create_version import create_version
from driftwheel.services.datasets.made_of import made_of
from driftwheel.services.datasets.new_version import LabelChoice, NewVersion
from driftwheel.store.datasets.dataset_versions import list_dataset_versions, newest_version
from driftwheel.store.datasets.label_news import LabelNews, labels_since
from driftwheel.store.engine.database import reading
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.datasets.dataset_words import split_bar
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.rendering import render
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["dataset_address", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SHOWN = 50


@router.get("/models/{name}/datasets", dependencies=[permit("read")])
def _show_versions(request: Request, state: State, name: str) -> Response:
    """Show the dataset versions of a model."""
    return _page(request, state, name)


@router.post("/models/{name}/datasets/more", dependencies=[permit("edit-models")])
def _make_next(
    request: Request, state: State, caller: Caller, name: str, note: Annotated[str, Form()] = ""
) -> Response:
    """Make the next version: the newest, with all labels that have come since."""
    with reading(state.engine) as connection:
        newest = newest_version(connection, known_model(connection, name).key)
    parent = None if newest is None else newest.number
    wish = NewVersion(name, parent=parent, labels=LabelChoice(), note=note.strip())
    try:
        made = create_version(state.engine, state.blobs, wish, by=caller.name, now=state.clock())
    except DriftwheelError as error:
        if (status := status_of(error)) == 500:
            raise
        return _page(request, state, name, wrong=str(error), status=status)
    told = "made" if made.is_new else "same"
    return RedirectResponse(f"{dataset_address(name, made.version.number)}?told={told}", 303)


def dataset_address(name: str, number: int | None = None) -> str:
    """Return where the versions of a model, or one of them, are shown."""
    at = f"/models/{quote(name, safe='')}/datasets"
    return at if number is None else f"{at}/{number}"


def _page(request: Request, state: Services, name: str, *, wrong: str = "", status: int = 200) -> Response:
    given = request.query_params.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame = model_frame(connection, state, model)
        known = list_dataset_versions(connection, model.key, before=before, limit=_SHOWN)
        newest = newest_version(connection, model.key)
        news = None
        if newest is not None:
            news = labels_since(connection, model.key, newest.kind, newest.created)
    most = max((one.images for one in known), default=1)
    older = known[-1].number if len(known) == _SHOWN and known[-1].number > 1 else None
    return render(
        request,
        "datasets/versions.html.j2",
        status=status,
        **frame,
        rows=[(one, made_of(one), split_bar(one.contents.splits, most)) for one in known],
        newest=newest,
        news=news,
        since="" if newest is None else _since(newest.number, news),
        at=dataset_address(name),
        older=older,
        done="",
        wrong=wrong,
    )


def _since(number: int, news: LabelNews | None) -> str:
    """Return what has come since the newest version, as a sentence; empty without any."""
    if news is None or not news.any:
        return ""
    parts = []
    if news.labelled:
        parts.append(f"{several(news.labelled, 'image')} {'was' if news.labelled == 1 else 'were'} labelled")
    if news.told:
        parts.append(f"ground truth of {several(news.told, 'record')} was told")
    if news.corrected:
        parts.append(f"reviews corrected {several(news.corrected, 'label')}")
    return f"Since version {number}, " + ", and ".join(", ".join(parts).rsplit(", ", 1)) + "."
