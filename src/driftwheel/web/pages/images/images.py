"""Images: the grid of a model's images, narrowed and sorted as the address says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.report.numbers import several
from driftwheel.services.browse.list_images import ImageList, ImageQuery, count_images, list_images
from driftwheel.store.engine.database import reading
from driftwheel.store.models.autoencoders import current_autoencoder
from driftwheel.store.models.models import Model, list_models
from driftwheel.store.records.record_pages import Count, Order
from driftwheel.web.pages.images.image_filter import STATE_WORDS, VERDICT_WORDS, ImageFilter, read_filter
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.shots import shots_of
from driftwheel.web.pages.snippets import log_snippet
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["ORDER_WORDS", "PAGE", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

PAGE = 60
"""Images of a page."""

ORDER_WORDS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "outlier": "Most unusual first",
    "reconstruction": "Worst reconstructed first",
}


@router.get("/images", dependencies=[permit("read")])
def _show_images(request: Request, state: State) -> Response:
    """Show one page of the grid."""
    with reading(state.engine) as connection:
        models = list_models(connection)
        if not models:
            return render(request, "models/no_model.html.j2")
        chosen = read_filter(request.query_params, models[0].name)
        mistakes, listed, total = list(chosen.mistakes), None, None
        orders = _orders(connection, chosen, models)
        if chosen.query is not None:
            try:
                after, before = (request.query_params.get(place) or None for place in ("after", "before"))
                listed = list_images(connection, chosen.query, after=after, before=before, limit=PAGE)
                total = _counted(connection, chosen.query, listed)
            except UsageError as error:
                mistakes.append(str(error))
    return _page(request, chosen, listed, total, mistakes, [model.name for model in models], orders)


@router.get("/images/of/{name}", dependencies=[permit("read")])
def _show_images_of(name: str) -> Response:
    """Lead to the images of one model."""
    return RedirectResponse(read_filter({}, name).address(), 303)


def _orders(connection: Connection, chosen: ImageFilter, models: Sequence[Model]) -> list[Order]:
    """Return the orders that are offered: by errors only where an autoencoder looks, or it is asked for."""
    every: tuple[Order, ...] = get_args(Order)
    its = next((one.key for one in models if one.name == chosen.given["model"]), None)
    looks = its is not None and current_autoencoder(connection, its) is not None
    asked = chosen.given.get("sort") == "reconstruction"
    return [one for one in every if one != "reconstruction" or looks or asked]


def _local(when: datetime | None) -> str:
    """Return a moment as a field of a form holds it, in UTC; a module makes it local."""
    return "" if when is None else f"{when:%Y-%m-%dT%H:%M}"


def _counted(connection: Connection, query: ImageQuery, listed: ImageList) -> Count:
    """Return how long a list is; a list of one page is counted already."""
    shown = len(listed.records)
    if listed.next is None and listed.previous is None:
        return Count(shown, exact=True)
    found = count_images(connection, query)
    return found if found.exact else Count(max(found.n, shown), exact=False)


def _said(total: Count) -> str:
    images = several(total.n, "image")
    return images if total.exact else f"at least {images}"


def _page(  # noqa: PLR0917
    request: Request,
    chosen: ImageFilter,
    listed: ImageList | None,
    total: Count | None,
    mistakes: list[str],
    models: list[str],
    orders: list[Order],
) -> Response:
    further = None if listed is None else listed.next
    earlier = None if listed is None else listed.previous
    query = chosen.address("")
    return render(
        request,
        "images/images.html.j2",
        status=422 if mistakes else 200,
        chosen=chosen,
        mistakes=mistakes,
        models=models,
        model=None if listed is None else listed.model,
        shots=[] if listed is None else shots_of(listed.model.name, listed.records),
        query=query,
        further=None if further is None else chosen.address(after=further),
        elsewhere=any(request.query_params.get(place) for place in ("after", "before")),
        earlier=None if earlier is None else chosen.address(before=earlier),
        first=None if earlier is None else chosen.address(),
        total="" if total is None else _said(total),
        everything=f"/images/of/{chosen.given['model']}",
        orders=[(order, ORDER_WORDS[order]) for order in orders],
        by_error=chosen.given.get("sort") == "reconstruction",
        states=list(STATE_WORDS.items()),
        verdicts=list(VERDICT_WORDS.items()),
        since=_local(None if chosen.query is None else chosen.query.since),
        until=_local(None if chosen.query is None else chosen.query.until),
        tag_names=() if listed is None else listed.model.segment_tags,
        snippet=log_snippet(
            str(request.base_url).rstrip("/"),
            chosen.given["model"],
            "classification" if listed is None else listed.model.task,
        ),
    )
