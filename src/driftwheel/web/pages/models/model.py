"""One model: the answer in a sentence; when and what; what shows it, who carries it; all else by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy import Connection

from driftwheel.services.access.authorise import allows
from driftwheel.services.alert.why_no_alert import why_no_alert
from driftwheel.services.browse.describe_models import describe_model
from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.services.measure.backfill import asked_backfills
from driftwheel.services.watch.choose_segments import MOST_VALUES
from driftwheel.services.watch.watch_model import SPANS, OpenAlert, Watch, span_of, watch_model
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import list_references
from driftwheel.store.windows.verdict_answers import segments_seen
from driftwheel.store.windows.verdicts import StoredVerdict, find_verdict
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.alerts.alert_acts import TOLD as ACTED
from driftwheel.web.pages.alerts.alert_acts import acts_of
from driftwheel.web.pages.models.cell_view import CellView, cell_view, first_choice
from driftwheel.web.pages.models.heat_map import heat_map, order_of
from driftwheel.web.pages.models.model_charts import (
    columns_of,
    lacking,
    plain_charts,
    points_of,
    score_points,
    volume_of,
)
from driftwheel.web.pages.models.model_sentence import model_sentence
from driftwheel.web.pages.models.models import STATE_WORDS
from driftwheel.web.pages.models.prediction_charts import mix_chart
from driftwheel.web.pages.models.score_sentence import score_sentence
from driftwheel.web.pages.models.signal_rows import signal_rows
from driftwheel.web.pages.models.watch_sentence import WatchSentence, slow_change, watch_sentence
from driftwheel.web.pages.models.watch_view import WatchView, images_address, read_view
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.shots import shots_of
from driftwheel.web.pages.snippets import curl_snippet, log_snippet
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_LATEST = 8
_ROWS = 12
_SEGMENTS = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A model over its windows, and the cell that is looked into."""

    watch: Watch
    view: WatchView
    order: tuple[str, ...]
    cell: CellView | None
    verdict: StoredVerdict | None


@router.get("/models/{name}", dependencies=[permit("read")])
def _show_model(request: Request, state: State, caller: Caller, name: str) -> Response:
    """Show one model."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        seen = _look(connection, state, model, request)
        watch, view = seen.watch, seen.view
        summary = describe_model(connection, model, state.clock())
        references = list_references(connection, model.key)
        segments = segments_seen(connection, model.key, since=watch.windows[0].start, limit=_SEGMENTS)
        latest = (
            []
            if seen.cell
            else shots_of(name, list_images(connection, ImageQuery(name), limit=_LATEST).records)
        )
        again = [each for each in asked_backfills(connection).values() if each.get("model") == model.key]
        server = str(request.base_url).rstrip("/")
        about = _about(watch)
        why = "" if about else _why_no_alert(connection, watch)
    said = None if summary.state == "measuring" else watch_sentence(watch, about, why)
    if said is None:
        plain = model_sentence(summary, references)
        said = WatchSentence(plain.tone, plain.lead, plain.rest, (plain.small,) if plain.small else ())
    columns = columns_of(watch, view)
    mixes = points_of(watch, columns, "prediction_mix")
    starts = [one.start for one in watch.windows]
    return render(
        request,
        "models/model.html.j2",
        model=model,
        here=view.path,
        view=view,
        images=address("/images", {"model": name, "tag": view.segment}),
        shown_images=_evidence(seen),
        state=STATE_WORDS[summary.state],
        summary=summary,
        reference=summary.reference,
        said=said,
        nothing_yet=summary.last is None and not any(one.window or one.verdict for one in watch.windows),
        acts=acts_of(about, state.clock(), may=allows(caller, "edit-models")),
        elsewhere=len(watch.alerts) - len(about),
        heat=heat_map(watch, view, seen.order if view.every else seen.order[:_ROWS]) if seen.cell else None,
        hidden=len(seen.order) - _ROWS,
        left_out=max((one.window.left_out for one in watch.windows if one.window is not None), default=0),
        most_values=MOST_VALUES,
        cell=seen.cell,
        mix=mix_chart(watch, mixes, _place(starts, view)),
        scores_said=score_sentence(None if seen.verdict is None else seen.verdict.document),
        mix_points=[one for one in reversed(mixes) if one.value is not None],
        volume=volume_of(watch, columns),
        scores=score_points(watch, columns),
        charts=plain_charts(watch, columns),
        lacking=lacking(watch),
        signals=signal_rows(watch, view),
        segments=_options(segments, view),
        spans=[(str(n), f"{n} {model.window}s") for n in sorted(SPANS[model.window])],
        earlier=view.to(until=starts[0] - (starts[1] - starts[0]), at=None, moved=""),
        later=None if view.until is None else view.to(until=None, at=None, moved=""),
        first=starts[0],
        last=starts[-1],
        again=[tuple(datetime.fromisoformat(each[end]) for end in ("since", "until")) for each in again],
        latest=latest,
        snippet=log_snippet(server, name, model.task, model.classes),
        curl=curl_snippet(server, name),
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong="",
    )


@router.get("/models/{name}/cell", dependencies=[permit("read")])
def _show_cell(request: Request, state: State, name: str) -> Response:
    """Show only what belongs to one cell of the heat map: the page puts it in its place."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        seen = _look(connection, state, model, request)
    if seen.cell is None:
        raise HTTPException(404, "No window of this model was judged in this span of time.")
    return render(request, "models/model_cell.html.j2", model=model, view=seen.view, cell=seen.cell)


_TOLD = {
    "registered": "The model is registered.",
    "changed": "The model is changed.",
    "embedder": "The model is changed. Set its reference anew: until then images are measured as the "
    "reference in use was, or wait.",
    "again": "The records are measured again, the oldest first.",
    "reference": "The reference is set and being measured; one that was in use stays so until it is ready.",
} | dict(ACTED)


def _look(connection: Connection, state: Services, model: Model, request: Request) -> _Seen:
    view = read_view(model.name, model.window, request.query_params)
    span = span_of(connection, model, state.clock(), view.count, view.until)
    watch = watch_model(connection, model, span, tag=view.tag, value=view.value)
    start, _ = first_choice(watch, view, ())
    if start is None:
        return _Seen(watch, view, (), None, None)
    verdict = find_verdict(connection, model.key, start, tag=view.tag, value=view.value)
    order = tuple(order_of(watch, _fault(verdict)))
    if verdict is None or not order:
        return _Seen(watch, replace(view, at=start), (), None, verdict)
    _, moved = first_choice(watch, view, order)
    view = replace(view, at=start, moved=moved)
    return _Seen(watch, view, order, cell_view(connection, state.blobs, watch, view, verdict), verdict)


def _fault(verdict: StoredVerdict | None) -> str:
    document = {} if verdict is None else verdict.document or {}
    found = document.get("diagnosis") or []
    return str(found[0].get("fault", "")) if found else ""


def _why_no_alert(connection: Connection, watch: Watch) -> str:
    """Return why drift by the newest window that was judged is no alert; empty without drift."""
    newest = next((one for one in reversed(watch.windows) if one.verdict is not None), None)
    if newest is None or newest.verdict is None:
        return ""
    drifted = newest.verdict.answer == "drift"
    if not drifted and slow_change(newest) is None:
        return ""
    return why_no_alert(
        connection,
        watch.model,
        newest.start,
        newest.end,
        "drift" if drifted else "evidence",
        tag=watch.tag,
        value=watch.value,
    )


def _about(watch: Watch) -> list[OpenAlert]:
    """Return the alerts that the sentence is about: of a segment's page those of the segment alone."""
    if not watch.tag:
        return list(watch.alerts)
    return [one for one in watch.alerts if (one.episode.tag, one.episode.value) == (watch.tag, watch.value)]


def _evidence(seen: _Seen) -> str:
    """Return where the images of the newest window of what fires are listed; empty where nothing does."""
    about = _about(seen.watch)
    if not about or about[0].entry is None:
        return ""
    episode, entry = about[0].episode, about[0].entry
    tag, value = episode.tag, episode.value
    if not tag and entry.segments:
        tag, _, value = entry.segments[0].partition("=")
    return images_address(seen.watch.model.name, entry.start, entry.end, tag, value)


def _options(segments: Sequence[tuple[str, str, int]], view: WatchView) -> list[tuple[str, str]]:
    options = [("", "all segments")] + [
        (f"{tag}={value}", f"{tag} = {value} ({n:,})") for tag, value, n in segments
    ]
    if view.tag and view.segment not in {one for one, _ in options}:
        options.append((view.segment, f"{view.tag} = {view.value}"))
    return options


def _place(starts: Sequence[object], view: WatchView) -> int | None:
    return starts.index(view.at) if view.at in starts else None
