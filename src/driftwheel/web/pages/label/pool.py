"""A pool: how far it is, how it is labelled, and its images with what came of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.open_pool import close_pool, open_pool
from driftwheel.services.label.projects.requirements import Requirements
from driftwheel.services.label.review.describe_project import describe_project
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.tasks import TaskKind, TaskState, count_states, list_tasks
from driftwheel.web.pages.label.assist_view import BOUNDS, SHOWN, assist_view
from driftwheel.web.pages.label.known_project import Key, known_pool, known_project
from driftwheel.web.pages.label.money import money
from driftwheel.web.pages.label.progress_bar import progress_bar
from driftwheel.web.pages.label.project import pool_row, quality_view
from driftwheel.web.pages.label.rule_fields import rule_fields
from driftwheel.web.pages.label.task_view import TaskView, task_views
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router", "show_pool"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_PAGE = 48

_TOLD = {
    "made": "The pool is made. Open it when you are ready: until then nobody gets its images.",
    "opened": "Open: its images are handed out.",
    "closed": "Paused: nobody gets new images. Who has some may still answer them.",
    "rules": "The rules hold for what comes from now on.",
    "assist": "Saved: it holds for tasks that are handed out from now on.",
    "training": "A worker trains the assistant now.",
    "automatic": "People answer a random sample first; then what the assistant is sure of is accepted.",
    "given_back": "People get what was accepted automatically.",
}

_SHOWN: Mapping[str, tuple[str, TaskKind, TaskState | None]] = {
    "done": ("labelled", "real", "done"),
    "open": ("to be labelled", "real", "open"),
    "disputed": ("disputed", "real", "disputed"),
    "set_aside": ("set aside", "real", "set_aside"),
    "golden": ("golden", "golden", None),
    "training": ("training", "training", None),
    "exam": ("exam", "exam", None),
}
"""The tabs over the images: what the address says → words, kind and state."""


@dataclass(frozen=True, slots=True)
class _Tab:
    """A tab over the images."""

    name: str
    words: str
    n: int
    address: str


@router.get("/labels/{project}/pools/{pool}", dependencies=[permit("read")])
def _show_pool(request: Request, state: State, project: Key, pool: Key) -> Response:
    """Show a pool."""
    return show_pool(request, state, project, pool)


@router.post("/labels/{project}/pools/{pool}/open", dependencies=[permit("edit-models")])
def _open(request: Request, state: State, caller: Caller, project: Key, pool: Key) -> Response:
    """Open it."""

    def act() -> None:
        open_pool(state.engine, project, pool, by=caller.name, now=state.clock())

    return _act(request, state, project, pool, act, "opened")


@router.post("/labels/{project}/pools/{pool}/close", dependencies=[permit("edit-models")])
def _close(request: Request, state: State, caller: Caller, project: Key, pool: Key) -> Response:
    """Close it, for as long as nobody opens it."""

    def act() -> None:
        close_pool(state.engine, project, pool, by=caller.name, now=state.clock())

    return _act(request, state, project, pool, act, "closed")


def _act(  # noqa: PLR0917
    request: Request, state: Services, project: int, pool: int, act: Callable[[], None], told: str
) -> Response:
    with reading(state.engine) as connection:
        known_project(connection, project)
        known_pool(connection, project, pool)
    try:
        act()
    except UsageError as error:
        return show_pool(request, state, project, pool, wrong=str(error))
    return RedirectResponse(f"/labels/{project}/pools/{pool}?told={told}", 303)


def show_pool(request: Request, state: Services, project: int, pool: int, *, wrong: str = "") -> Response:
    """Show a pool, and what could not be done."""
    now = state.clock()
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        known = known_pool(connection, project, pool)
        it = describe_project(connection, found, now=now, pool=pool)
        assist = assist_view(connection, found, known)
        counts = count_states(connection, pool)
        tabs = _tabs(project, pool, counts)
        shown = _shown(request.query_params.get("show", ""), tabs)
        _, kind, task_state = _SHOWN[shown]
        after = request.query_params.get("after", "")
        begin = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
        tasks = list_tasks(connection, pool, kind=kind, state=task_state, after_key=begin, limit=_PAGE + 1)
    views = task_views(found, model.name, tasks[:_PAGE])
    at = f"/labels/{project}/pools/{pool}"
    return render(
        request,
        "label/pool.html.j2",
        status=422 if wrong else 200,
        project=found,
        model=model,
        pool=known,
        row=pool_row(known),
        it=it,
        bar=progress_bar(known.done, known.tasks),
        quality=quality_view(it),
        price=money(known.price),
        budget="" if known.most_paid is None else money(known.most_paid * known.price),
        requires=_requires(known),
        assist=assist,
        prelabels=SHOWN,
        bounds=BOUNDS,
        rules=rule_fields(known),
        tabs=tabs,
        shown=shown,
        views=views,
        first=address(at, {"show": shown}) if begin else None,
        further=_further(at, shown, views, len(tasks)),
        waiting=sum(it.queued.values()),
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong=wrong,
    )


def _further(at: str, shown: str, views: list[TaskView], n: int) -> str | None:
    return address(at, {"show": shown, "after": views[-1].task.key}) if n > _PAGE else None


def _tabs(project: int, pool: int, counts: Mapping[tuple[TaskKind, TaskState], int]) -> list[_Tab]:
    tabs = []
    for name, (words, kind, state) in _SHOWN.items():
        n = sum(many for (k, s), many in counts.items() if k == kind and state in {None, s})
        if n:
            tabs.append(_Tab(name, words, n, f"/labels/{project}/pools/{pool}?show={name}#images"))
    return tabs


def _shown(asked: str, tabs: list[_Tab]) -> str:
    if asked in _SHOWN:
        return asked
    return tabs[0].name if tabs else "open"


def _requires(pool: Pool) -> str:
    """Return what a pool requires of annotators, in words; empty: nothing."""
    wanted = Requirements.from_json(pool.requires)
    return ", ".join(
        [
            *(f"{name} of {level:g} or more" for name, level in wanted.skills.items()),
            *(f"the language {name}" for name in wanted.languages),
            *(f"the tag {name}" for name in wanted.tags),
        ]
    )
