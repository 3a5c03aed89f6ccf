"""Settings: what is kept of each model, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from driftwheel.errors import UsageError
from driftwheel.report.numbers import several, share
from driftwheel.services.models.register_model import ModelChange, change_model
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import list_models
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["read_days", "read_share", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/settings/retention", dependencies=[permit("edit-models")])
def _show_retention(request: Request, state: State) -> Response:
    """Show what is kept of each model."""
    return _page(request, state)


@router.post("/settings/retention/{name}", dependencies=[permit("edit-models")])
def _set_retention(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    days: Annotated[str, Form()] = "",
    share_kept: Annotated[str, Form(alias="share")] = "",
) -> Response:
    """Change what is kept of one model."""
    try:
        kept_days, kept_share = read_days(days.strip()), read_share(share_kept.strip())
        change = ModelChange(
            retention_days=kept_days, keep_for_ever=kept_days is None, keep_images=kept_share
        )
        change_model(state.engine, name, change, by=caller.name, now=state.clock())
    except UsageError as error:
        given = {"model": name, "days": days, "share": share_kept}
        return _page(request, state, wrong=str(error), given=given)
    span = "for ever" if kept_days is None else f"for {several(kept_days, 'day')}"
    return _page(
        request, state, done=f"{name}: records are kept {span}, and {share(kept_share)} of the images."
    )


def read_days(text: str) -> int | None:
    """Return how long records are kept; None, for ever, of an empty text."""
    if not text:
        return None
    if text.isdecimal() and len(text) < 10:
        return int(text)
    raise UsageError(
        f"'{text[:20]}' is no number of days; give a whole number, or nothing to keep records for ever."
    )


def read_share(text: str) -> float:
    """Return the share of images that is kept, 0…1, of a text in per cent."""
    try:
        percent = float(text.removesuffix("%").replace(",", "."))
    except ValueError:
        percent = -1.0
    if 0 <= percent <= 100:
        return percent / 100
    raise UsageError(f"'{text[:20]}' is no share of the images; give 0 to 100 per cent.")


def _page(
    request: Request,
    state: Services,
    *,
    done: str = "",
    wrong: str = "",
    given: Mapping[str, str] | None = None,
) -> Response:
    with reading(state.engine) as connection:
        models = list_models(connection)
    return render(
        request,
        "settings/settings_retention.html.j2",
        status=422 if wrong else 200,
        models=models,
        done=done,
        wrong=wrong,
        given={"model": "", "days": "", "share": "", **(given or {})},
    )
