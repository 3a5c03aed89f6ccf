"""A labelling project: how far it is, how good the answers are, and who gives them."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from driftwheel.report.numbers import several
from driftwheel.services.label.quality.undo_event import UNDOABLE
from driftwheel.services.label.review.describe_project import (
    AnnotatorRow,
    ProjectDescription,
    describe_project,
)
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import annotators_by_key
from driftwheel.store.labels.label_events import LabelEvent, list_events
from driftwheel.store.labels.pools import Pool
from driftwheel.web.pages.label.hour_bars import hour_bars
from driftwheel.web.pages.label.known_project import Key, known_project
from driftwheel.web.pages.label.money import money
from driftwheel.web.pages.label.progress_bar import progress_bar
from driftwheel.web.pages.label.projects import ANSWER_WORDS
from driftwheel.web.pages.label.quality_words import (
    AlphaWords,
    StateWords,
    alpha_words,
    event_words,
    seconds_words,
    skill_strip,
    state_of,
)
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = [
    "PersonRow",
    "PoolRow",
    "QualityView",
    "can_undo",
    "person_rows",
    "pool_row",
    "quality_view",
    "router",
]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_EVENTS = 12
_SHOWN = 30  # annotators; the others are on a page of their own

_TOLD = {
    "created": "The project is made. Now choose images for it.",
    "saved": "Saved.",
    "banned": "Banned: no task goes to them any more.",
    "undone": "It is undone, and what it rested on is not held against them again.",
}


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool: how far it is, and what it costs; `spent` and `left` are empty where nothing is paid."""

    pool: Pool
    bar: Markup
    tone: str
    word: str
    answers: str
    spent: str
    left: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """An annotator in a table."""

    row: AnnotatorRow
    state: StateWords
    strip: Markup
    seconds: str


@dataclass(frozen=True, slots=True)
class QualityView:
    """How good the newest answers are, as both the project's page and the pool's show it."""

    it: ProjectDescription
    alpha: AlphaWords
    bars: Markup
    pace: str
    people: tuple[PersonRow, ...]
    more: int


@router.get("/labels/{project}", dependencies=[permit("read")])
def _show_project(request: Request, state: State, project: Key) -> Response:
    """Show a project."""
    now = state.clock()
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        it = describe_project(connection, found, now=now)
        events = list_events(connection, project, limit=_EVENTS)
        who = annotators_by_key(connection, {one.annotator for one in events if one.annotator is not None})
    names = {one.key: one.name for one in who}
    return render(
        request,
        "label/project.html.j2",
        project=found,
        model=model,
        asked=ANSWER_WORDS[found.answer],
        it=it,
        bar=progress_bar(it.done, it.tasks),
        lead=_lead(it),
        pools=[pool_row(one) for one in it.pools],
        quality=quality_view(it),
        events=[(one, event_words(one), names.get(one.annotator or 0, "")) for one in events],
        can_undo=can_undo,
        waiting=sum(it.queued.values()),
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong="",
    )


def can_undo(event: LabelEvent) -> bool:
    """Whether an event is one that can be undone, and stands."""
    return event.kind in UNDOABLE and event.undone is None


def quality_view(it: ProjectDescription) -> QualityView:
    """Return how good the newest answers are."""
    pace = it.pace
    said = f"{pace:,.0f}" if pace >= 9.95 else f"{pace:.1f}".removesuffix(".0")
    return QualityView(
        it,
        alpha_words(it.quality.alpha),
        hour_bars(it.hours),
        said,
        tuple(person_rows(it.annotators[:_SHOWN])),
        max(len(it.annotators) - _SHOWN, 0),
    )


def person_rows(rows: tuple[AnnotatorRow, ...] | list[AnnotatorRow]) -> list[PersonRow]:
    """Return annotators as a table shows them."""
    return [
        PersonRow(
            one,
            state_of(one),
            skill_strip(one.skill),
            seconds_words(None if one.figures is None else one.figures.median_seconds),
        )
        for one in rows
    ]


def pool_row(pool: Pool) -> PoolRow:
    """Return a pool as a table shows it."""
    word, tone = _STATES[pool.state, pool.closed_because]
    answers = f"{pool.overlap}" + ("" if pool.overlap == pool.most_overlap else f"–{pool.most_overlap}")
    spent = left = ""
    if pool.price:
        spent = money(pool.paid * pool.price)
        if pool.most_paid is not None:
            left = money((pool.most_paid - pool.paid) * pool.price)
    return PoolRow(pool, progress_bar(pool.done, pool.tasks), tone, word, answers, spent, left)


_STATES = {
    ("draft", None): ("draft", "quiet"),
    ("open", None): ("open", "ok"),
    ("closed", None): ("closed", "quiet"),
    ("closed", "finished"): ("finished", "quiet"),
    ("closed", "budget"): ("budget spent", "warn"),
    ("closed", "by_hand"): ("paused", "warn"),
}


def _lead(it: ProjectDescription) -> tuple[str, str, str]:
    """Return what to know first: its tone, a sentence, and a smaller one."""
    is_open = [one for one in it.pools if one.state == "open"]
    if not it.pools:
        return "note", "No images yet.", "A pool says which images are labelled, and by how many people."
    if it.done >= it.tasks > 0:
        return "ok", f"All {several(it.tasks, 'image')} are labelled.", ""
    so_far = f"{it.done:,} of {several(it.tasks, 'image')} {'is' if it.tasks == 1 else 'are'} labelled."
    if not is_open:
        return "warn", so_far, "No pool is open: nobody gets tasks."
    if not it.quality.n:
        return "note", so_far, "Nobody has answered yet. Let people in by a link, or label yourself."
    left = sum((one.tasks - one.done) * one.overlap for one in is_open)
    if it.pace * 3 < 1:
        return "warn", so_far, "Nobody has answered in the last hours."
    hours = left / it.pace
    return "note", so_far, f"At the pace of the last hours, the rest takes {_span(hours)} or more."


def _span(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
