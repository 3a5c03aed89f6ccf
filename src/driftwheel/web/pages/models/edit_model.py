"""Change a model; what a change leads to is said before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.report.numbers import several, share
from driftwheel.services.browse.list_images import ImageQuery, count_images
from driftwheel.services.models.register_model import ModelChange, change_model
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import current_reference
from driftwheel.store.records.record_pages import Count
from driftwheel.store.windows.windows import window_of
from driftwheel.web.api.known_model import model_at
from driftwheel.web.pages.models.measure_again import SPANS, measure_again
from driftwheel.web.pages.models.model_fields import (
    embedder_field,
    names_of_lines,
    names_with_commas,
    read_embedder,
)
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.settings.settings_retention import read_days, read_share
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a form says, as it was written."""

    classes: str
    segment_tags: str
    days: str
    share: str
    anew: str = ""


@router.get("/models/{name}/edit", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State, caller: Caller, name: str) -> Response:
    """Show the form."""
    model = model_at(state.engine, name)
    days = "" if model.retention_days is None else str(model.retention_days)
    given = _Given(
        "\n".join(model.classes), ", ".join(model.segment_tags), days, f"{model.keep_images * 100:g}"
    )
    return _page(request, state, caller, model, given, model.embedder)


@router.post("/models/{name}/edit", dependencies=[permit("edit-models")])
def _take_form(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    classes: Annotated[str, Form()] = "",
    segment_tags: Annotated[str, Form()] = "",
    embedder: Annotated[str, Form()] = "",
    embedder_path: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "",
    share_kept: Annotated[str, Form(alias="share")] = "100",
    anew: Annotated[str, Form()] = "",
    agreed: Annotated[str, Form()] = "",
) -> Response:
    """Change it and lead back to it; ask once more where something kept would be deleted."""
    model = model_at(state.engine, name)
    given = _Given(classes, segment_tags, days, share_kept, anew)
    try:
        wanted = read_embedder(caller, embedder or model.embedder, embedder_path, now=model.embedder)
        kept_days, kept_share = read_days(days.strip()), read_share(share_kept.strip())
        change = ModelChange(
            classes=names_of_lines(classes),
            segment_tags=names_with_commas(segment_tags, model.segment_tags),
            embedder=None if wanted == model.embedder else wanted,
            retention_days=kept_days,
            keep_for_ever=kept_days is None,
            keep_images=kept_share,
        )
        lost = "" if agreed == f"{kept_days} {kept_share}" else _lost(state, model, kept_days, kept_share)
        if lost:
            agree = (lost, f"{kept_days} {kept_share}")
            return _page(request, state, caller, model, given, wanted, lost=agree)
        changed = change_model(state.engine, name, change, by=caller.name, now=state.clock())
        measure_again(state, name, anew, by=caller.name)
    except UsageError as error:
        chosen = embedder_path.strip() or embedder or model.embedder
        return _page(request, state, caller, model, given, chosen, wrong=str(error))
    told = "embedder" if changed.embedder != model.embedder and _has_reference(state, model) else "changed"
    return RedirectResponse(f"/models/{quote(name, safe='')}?told={told}", 303)


def _lost(state: Services, model: Model, days: int | None, share_kept: float) -> str:
    """Return what would be deleted, in words; empty for nothing."""
    lost = []
    if days is not None and (model.retention_days is None or days < model.retention_days):
        before, _ = window_of(state.clock() - timedelta(days=days), model.window)
        with reading(state.engine) as connection:
            old = count_images(connection, ImageQuery(model.name, until=before))
        if old.n:
            lost.append(f"{_counted(old)} older than {several(days, 'day')} with their images")
    if share_kept < model.keep_images:
        lost.append(f"all but {share(share_kept)} of the images that are measured")
    return " and ".join(lost)


def _counted(old: Count) -> str:
    return ("" if old.exact else "at least ") + several(old.n, "record")


def _has_reference(state: Services, model: Model) -> bool:
    with reading(state.engine) as connection:
        return current_reference(connection, model.key) is not None


def _page(  # noqa: PLR0917
    request: Request,
    state: Services,
    caller: Caller,
    model: Model,
    given: _Given,
    embedder: str,
    *,
    wrong: str = "",
    lost: tuple[str, str] | None = None,
) -> Response:
    return render(
        request,
        "models/edit_model.html.j2",
        status=422 if wrong else 200,
        model=model,
        given=given,
        embedder=embedder_field(caller, embedder, now=model.embedder),
        referenced=_has_reference(state, model),
        anew=list(SPANS.items()),
        wrong=wrong,
        lost=lost,
    )
