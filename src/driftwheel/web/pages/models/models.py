"""The list of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from driftwheel.services.browse.describe_models import ModelState, ModelSummary, describe_models
from driftwheel.store.engine.database import reading
from driftwheel.store.records.records import count_received
from driftwheel.web.pages.models.model_sentence import span_words
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.snippets import log_snippet
from driftwheel.web.pages.sparkline import Volume, sparkline
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["STATE_WORDS", "StateWords", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class StateWords:
    """How the state of a model is told: a word, its colour, and what it means."""

    word: str
    tone: str
    meaning: str


STATE_WORDS: Mapping[ModelState, StateWords] = {
    "watched": StateWords("watched", "ok", "Records come, and there is a reference to hold them against."),
    "no records": StateWords("no records", "quiet", "Nothing was logged to it yet."),
    "no reference": StateWords("no reference", "warn", "Records come, and nothing says what is usual."),
    "measuring": StateWords("measuring", "quiet", "Its reference is being measured."),
    "reference failed": StateWords("reference failed", "bad", "Its reference could not be measured."),
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the list."""

    name: str
    task: str
    classes: int
    state: StateWords
    last: datetime | None
    records: int
    rejected: int
    span: str
    spark: Markup


@router.get("/models", dependencies=[permit("read")])
def _show_models(request: Request, state: State) -> Response:
    """List the models, or say how to begin."""
    with reading(state.engine) as connection:
        summaries = describe_models(connection, state.clock())
        waiting = count_received(connection)
    return render(
        request,
        "models/models.html.j2",
        rows=[_row(each) for each in summaries],
        waiting=waiting,
        snippet=log_snippet(str(request.base_url).rstrip("/"), "pets", "classification"),
    )


def _row(summary: ModelSummary) -> _Row:
    model = summary.model
    volumes = [Volume(each.start, each.records, each.rejected, each.stale) for each in summary.volumes]
    return _Row(
        model.name,
        model.task,
        len(model.classes),
        STATE_WORDS[summary.state],
        summary.last,
        summary.records,
        summary.rejected,
        span_words(summary),
        sparkline(volumes, model.window),
    )
