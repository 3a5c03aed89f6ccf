"""How a model is set up: its reference, its versions, its windows one by one, and how to log to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response

from driftwheel.services.browse.describe_autoencoders import describe_autoencoders
from driftwheel.services.browse.describe_models import describe_model
from driftwheel.services.browse.describe_versions import describe_versions
from driftwheel.services.browse.list_images import count_unjudged
from driftwheel.services.measure.backfill import asked_backfills
from driftwheel.store.engine.database import reading
from driftwheel.store.models.references import list_references
from driftwheel.store.windows.windows import StoredWindow, list_windows
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.models.model_sentence import span_words
from driftwheel.web.pages.models.models import STATE_WORDS
from driftwheel.web.pages.models.reference_words import reference_rows
from driftwheel.web.pages.models.watch_view import WatchView, images_address
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.snippets import curl_snippet, log_snippet
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_WINDOWS = 120
_MOMENT = timedelta(microseconds=1)
_TOLD = {
    "version": "The version is added.",
    "autoencoder": "The autoencoder is set: images that come are shown to it.",
    "training": "An autoencoder is being trained; it looks at images once it is ready.",
    "no-autoencoder": "The autoencoder is removed; windows are judged again without it.",
}


@dataclass(frozen=True, slots=True)
class _WindowRow:
    """One window as a row, with the address of its images."""

    start: datetime
    tag: str
    value: str
    records: int
    rejected: int
    stale: bool
    made: datetime | None
    images: str


@router.get("/models/{name}/setup", dependencies=[permit("read")])
def _show_setup(request: Request, state: State, name: str) -> Response:
    """Show how a model is set up."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        summary = describe_model(connection, model, state.clock())
        windows = list_windows(connection, model.key, since=summary.volumes[0].start + _MOMENT)
        references = list_references(connection, model.key)
        versions = describe_versions(connection, state.blobs, model.key)
        autoencoders = describe_autoencoders(connection, state.blobs, model.key)
        again = [each for each in asked_backfills(connection).values() if each.get("model") == model.key]
        unjudged = None
        if summary.state == "watched" and not again:
            unjudged = count_unjudged(connection, model)
    newest = sorted(windows, key=lambda each: (-each.start.timestamp(), each.tag, each.value))
    server = str(request.base_url).rstrip("/")
    return render(
        request,
        "models/model_setup.html.j2",
        model=model,
        here=WatchView(model.name, model.window).path,
        images=address("/images", {"model": name}),
        state=STATE_WORDS[summary.state],
        summary=summary,
        span=span_words(summary),
        windows=[_row(name, each) for each in newest[:_WINDOWS]],
        cut=len(newest) if len(newest) > _WINDOWS else 0,
        segmented=any(each.tag for each in windows),
        references=reference_rows(references, state.blobs),
        reference=summary.reference,
        versions=versions,
        autoencoders=autoencoders,
        unjudged=unjudged,
        again=[tuple(datetime.fromisoformat(each[end]) for end in ("since", "until")) for each in again],
        snippet=log_snippet(server, name, model.task, model.classes),
        curl=curl_snippet(server, name),
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong="",
    )


def _row(name: str, window: StoredWindow) -> _WindowRow:
    return _WindowRow(
        window.start,
        window.tag,
        window.value,
        window.records,
        window.rejected,
        window.stale,
        window.made,
        images_address(name, window.start, window.end, window.tag, window.value),
    )
