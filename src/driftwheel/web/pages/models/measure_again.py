"""Ask the workers to measure a model's records again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.services.measure.backfill import ask_for_backfill
from driftwheel.store.engine.database import reading
from driftwheel.web.api.known_model import model_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["SPANS", "measure_again", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

SPANS = {
    "": "leave them as they are",
    "7": "measure those of the last 7 days again",
    "30": "measure those of the last 30 days again",
    "all": "measure all of them again",
}
"""What can be asked for of records that came before a change."""

_AHEAD = timedelta(days=2)  # clocks of cameras may be ahead


@router.post("/models/{name}/again", dependencies=[permit("edit-models")])
def _measure_again(state: State, caller: Caller, name: str, span: Annotated[str, Form()] = "all") -> Response:
    """Ask for it, and lead back to the model."""
    model_at(state.engine, name)
    measure_again(state, name, span, by=caller.name)
    return RedirectResponse(f"/models/{quote(name, safe='')}?told=again", 303)


def measure_again(state: Services, model: str, span: str, *, by: str) -> None:
    """Ask for the records of one of `SPANS`; raise `UsageError` for another."""
    if span not in SPANS:
        raise UsageError(f"'{span[:20]}' is no choice of records; take one of: 7, 30, all, or nothing.")
    if not span:
        return
    now = state.clock()
    with reading(state.engine) as connection:
        oldest = list_images(connection, ImageQuery(model, order="oldest"), limit=1).records
    if oldest:
        since = oldest[0].time if span == "all" else max(oldest[0].time, now - timedelta(days=int(span)))
        ask_for_backfill(state.engine, model, since, now + _AHEAD, name=uuid4(), by=by, now=now)
