"""One model: how it is, its latest images, its windows, its references and versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from driftwheel.services.backfill import asked_backfills
from driftwheel.services.describe_models import describe_model
from driftwheel.services.describe_versions import describe_versions
from driftwheel.services.list_images import ImageQuery, count_unjudged, list_images
from driftwheel.store.database import reading
from driftwheel.store.references import list_references
from driftwheel.store.windows import StoredWindow, list_windows, window_of
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.model_sentence import model_sentence
from driftwheel.web.pages.models import STATE_WORDS
from driftwheel.web.pages.reference_words import reference_rows
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.shots import shots_of
from driftwheel.web.pages.snippets import curl_snippet, log_snippet
from driftwheel.web.pages.sparkline import Volume, volume_chart
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_LATEST = 8
_WINDOWS = 120
_MOMENT = timedelta(microseconds=1)


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


@router.get("/models/{name}", dependencies=[permit("read")])
def _show_model(request: Request, state: State, name: str) -> Response:
    """Show one model."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        summary = describe_model(connection, model, state.clock())
        windows = list_windows(connection, model.key, since=summary.volumes[0].start + _MOMENT)
        references = list_references(connection, model.key)
        versions = describe_versions(connection, state.blobs, model.key)
        again = [each for each in asked_backfills(connection).values() if each.get("model") == model.key]
        unjudged = None
        if summary.state == "watched" and not again:
            unjudged = count_unjudged(connection, model)
        latest = list_images(connection, ImageQuery(name), limit=_LATEST).records
    newest = sorted(windows, key=lambda each: (-each.start.timestamp(), each.tag, each.value))
    server = str(request.base_url).rstrip("/")
    return render(
        request,
        "model.html.j2",
        model=model,
        here=f"/models/{quote(name, safe='')}",
        images=address("/images", {"model": name}),
        state=STATE_WORDS[summary.state],
        summary=summary,
        said=model_sentence(summary, references),
        chart=volume_chart(
            [Volume(each.start, each.records, each.rejected, each.stale) for each in summary.volumes],
            model.window,
            [_images_of(name, *window_of(each.start, model.window)) for each in summary.volumes],
        ),
        windows=[_row(name, each) for each in newest[:_WINDOWS]],
        cut=len(newest) if len(newest) > _WINDOWS else 0,
        segmented=any(each.tag for each in windows),
        references=reference_rows(references, state.blobs),
        reference=summary.reference,
        versions=versions,
        unjudged=unjudged,
        again=[tuple(datetime.fromisoformat(each[end]) for end in ("since", "until")) for each in again],
        latest=shots_of(name, latest),
        snippet=log_snippet(server, name, model.task, model.classes),
        curl=curl_snippet(server, name),
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong="",
    )


_TOLD = {
    "registered": "The model is registered.",
    "changed": "The model is changed.",
    "embedder": "The model is changed. Set its reference anew: until then images are measured as the "
    "reference in use was, or wait.",
    "again": "The records are measured again, the oldest first.",
    "version": "The version is added.",
    "reference": "The reference is set and being measured; one that was in use stays so until it is ready.",
}


def _row(name: str, window: StoredWindow) -> _WindowRow:
    return _WindowRow(
        window.start,
        window.tag,
        window.value,
        window.records,
        window.rejected,
        window.stale,
        window.made,
        _images_of(name, window.start, window.end, f"{window.tag}={window.value}" if window.tag else ""),
    )


def _images_of(name: str, start: datetime, end: datetime, tag: str = "") -> str:
    since, until = (f"{each:%Y-%m-%dT%H:%MZ}" for each in (start, end))
    return address("/images", {"model": name, "since": since, "until": until, "tag": tag})
