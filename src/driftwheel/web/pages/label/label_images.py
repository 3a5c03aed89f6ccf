"""Have images labelled: those of a list of the images page, or of an alert."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated, cast

import numpy as np
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.report.numbers import several
from driftwheel.services.browse.list_images import count_images
from driftwheel.services.label.pools.choose_images import CHOICES, Choice
from driftwheel.services.label.pools.start_pool import NewProject, PoolWish, start_pool
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project, list_projects
from driftwheel.store.models.models import Model, list_models
from driftwheel.web.pages.images.image_filter import ImageFilter, read_filter
from driftwheel.web.pages.label.pool_form import PoolFields, read_pool
from driftwheel.web.pages.label.project_form import (
    ANSWERS,
    ProjectFields,
    project_fields_of,
    read_project,
)
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_NEW = "new"
_MOST_WHY = 200


class _Fields(ProjectFields, PoolFields):
    """The whole form, as it was typed."""

    project: str = _NEW
    how_many: str = "200"
    choice: str = "mix"
    golden: str = "20"
    act: str = "open"


@router.get("/labels/images", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State) -> Response:
    """Show the form, filled in as far as the list tells."""
    return _page(request, state)


@router.post("/labels/images", dependencies=[permit("edit-models")])
def _start(request: Request, state: State, caller: Caller, given: Annotated[_Fields, Form()]) -> Response:
    """Make the pool and lead to it."""
    try:
        with reading(state.engine) as connection:
            chosen = _chosen(request, [one.name for one in list_models(connection)])
        made = start_pool(
            state.engine,
            _wish(request, chosen, given),
            by=caller.name,
            now=state.clock(),
            rng=np.random.default_rng(secrets.randbits(128)),
        )
    except UsageError as error:
        return _page(request, state, given=given, wrong=str(error))
    told = "opened" if made.pool.state == "open" else "made"
    return RedirectResponse(f"/labels/{made.project.key}/pools/{made.pool.key}?told={told}", 303)


def _wish(request: Request, chosen: ImageFilter, given: _Fields) -> PoolWish:
    if chosen.query is None:
        raise UsageError(" ".join(chosen.mistakes))
    if given.choice not in CHOICES:
        hint = did_you_mean(given.choice, CHOICES)
        raise UsageError(f"Images are not chosen by '{given.choice:.20}'.{hint}")
    how_many = _whole(given.how_many, "images")
    project: int | NewProject
    if given.project.isascii() and given.project.isdecimal() and len(given.project) < 10:
        project = int(given.project)
    else:
        project = read_project(given)
    return PoolWish(
        chosen.query,
        project,
        read_pool(given),
        cast("Choice", given.choice),
        how_many,
        _why(request, chosen),
        opens=given.act != "draft",
        golden=_whole(given.golden, "golden tasks") if given.golden.strip() else 0,
    )


def _whole(text: str, what: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"'{text:.20}' is no number of {what}; give one, such as 20.")
    return int(text)


def _chosen(request: Request, models: list[str]) -> ImageFilter:
    return read_filter(request.query_params, models[0] if models else "")


def _why(request: Request, chosen: ImageFilter) -> str:
    """Return what the list is, in plain text, as the reasons of its tasks begin."""
    alert = _alert(request)
    if alert:
        return f"of alert {alert}"
    parts = [f"{name} {text}" for name, text in chosen.given.items() if name not in {"model", "sort"}]
    return ", ".join(parts)[:_MOST_WHY]


def _alert(request: Request) -> str:
    given = request.query_params.get("alert", "")
    return given if given.isascii() and given.isdecimal() and len(given) < 19 else ""


def _page(request: Request, state: Services, *, given: _Fields | None = None, wrong: str = "") -> Response:
    with reading(state.engine) as connection:
        models = list_models(connection)
        chosen = _chosen(request, [one.name for one in models])
        model = next((one for one in models if one.name == chosen.given["model"]), None)
        if model is None:
            return render(request, "models/no_model.html.j2", status=404)
        own = [one for one in list_projects(connection) if one.model == model.key]
        taken = {pool.name for one in own for pool in list_pools(connection, one.key)}
        mistakes, total = list(chosen.mistakes), None
        if chosen.query is not None:
            try:
                total = count_images(connection, replace(chosen.query, has_image=True))
            except UsageError as error:
                mistakes.append(str(error))
    fields = given or _first(request, state, model, own, taken)
    return render(
        request,
        "label/label_images.html.j2",
        status=422 if wrong or mistakes else 200,
        wrong=" ".join([wrong, *([] if wrong else mistakes)]).strip(),
        model=model,
        chosen=chosen,
        alert=_alert(request),
        total="" if total is None else ("" if total.exact else "at least ") + several(total.n, "image"),
        projects=[(str(one.key), one.name) for one in own],
        choices=list(CHOICES.items()),
        answers=ANSWERS,
        action=f"/labels/images?{request.url.query}",
        given=fields,
    )


def _first(request: Request, state: Services, model: Model, own: list[Project], taken: set[str]) -> _Fields:
    alert = _alert(request)
    base = f"Alert {alert}" if alert else f"Images of {state.clock():%Y-%m-%d}"
    names = (base, *(f"{base}, {number}" for number in range(2, len(taken) + 3)))
    return _Fields(
        **project_fields_of(model).model_dump(),
        project=str(max(own, key=lambda one: one.created).key) if own else _NEW,
        name=next(one for one in names if one not in taken),
    )
