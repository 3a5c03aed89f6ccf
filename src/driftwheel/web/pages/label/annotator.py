"""One annotator: history, skill, what they confuse; ban and its undoing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.report.numbers import share
from driftwheel.services.label.people.change_annotator import change_annotator
from driftwheel.services.label.quality.ban_annotator import ban_annotator
from driftwheel.services.label.quality.undo_event import undo_event
from driftwheel.services.label.review.describe_annotator import describe_annotator
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_events import event_by_key
from driftwheel.web.pages.label.confusion_table import confusion_table
from driftwheel.web.pages.label.known_project import Key, known_annotator, known_project
from driftwheel.web.pages.label.pool_form import read_skills
from driftwheel.web.pages.label.project import can_undo, person_rows
from driftwheel.web.pages.label.quality_words import event_words, seconds_words
from driftwheel.web.pages.label.task_view import payload_words, task_views
from driftwheel.web.pages.models.model_fields import names_with_commas
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_TOLD = {
    "banned": "Banned: no task goes to them any more.",
    "undone": "It is undone, and what it rested on is not held against them again.",
    "saved": "Saved.",
}


@router.get("/labels/{project}/annotators/{key}", dependencies=[permit("read")])
def _show_annotator(request: Request, state: State, project: Key, key: Key) -> Response:
    """Show an annotator."""
    return _page(request, state, project, key)


@router.post("/labels/{project}/annotators/{key}/ban", dependencies=[permit("edit-models")])
def _ban(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    key: Key,
    reason: Annotated[str, Form()] = "",
    exclude: Annotated[str, Form()] = "",
) -> Response:
    """Ban them."""

    def act() -> None:
        ban_annotator(
            state.engine,
            project,
            key,
            reason.strip(),
            exclude=exclude == "yes",
            by=caller.name,
            now=state.clock(),
        )
        state.known_tokens.forget()

    return _act(request, state, project, key, act, "banned")


@router.post("/labels/{project}/annotators/{key}", dependencies=[permit("edit-models")])
def _change(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    key: Key,
    skills: Annotated[str, Form()] = "",
    languages: Annotated[str, Form()] = "",
    tags: Annotated[str, Form()] = "",
) -> Response:
    """Say what they can."""

    def act() -> None:
        change_annotator(
            state.engine,
            project,
            key,
            by=caller.name,
            now=state.clock(),
            skills=read_skills(skills),
            languages=names_with_commas(languages),
            tags=names_with_commas(tags),
        )

    return _act(request, state, project, key, act, "saved")


@router.post("/labels/{project}/events/{event}/undo", dependencies=[permit("edit-models")])
def _undo(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    event: Annotated[int, Path(ge=1, lt=2**63)],
    back: Annotated[str, Form()] = "",
) -> Response:
    """Undo a ban, a pause or a warning, and lead back."""
    with reading(state.engine) as connection:
        known_project(connection, project)
        found = event_by_key(connection, event)
    if found is None or found.project != project or found.annotator is None:
        raise HTTPException(404, f"The project has no event {event} that can be undone.")

    def act() -> None:
        undo_event(state.engine, project, event, by=caller.name, now=state.clock())
        state.known_tokens.forget()

    to = f"/labels/{project}" if back == "project" else f"/labels/{project}/annotators"
    return _act(
        request, state, project, found.annotator, act, "undone", to=None if back == "annotator" else to
    )


def _act(  # noqa: PLR0917
    request: Request,
    state: Services,
    project: int,
    key: int,
    act: Callable[[], None],
    told: str,
    *,
    to: str | None = None,
) -> Response:
    """Do what was asked for and lead to a page, by default the annotator's; or say there why it cannot be."""
    with reading(state.engine) as connection:
        known_project(connection, project)
        known_annotator(connection, project, key)
    try:
        act()
    except (UsageError, LookupError) as error:
        return _page(request, state, project, key, wrong=str(error))
    return RedirectResponse(f"{to or f'/labels/{project}/annotators/{key}'}?told={told}", 303)


def _page(request: Request, state: Services, project: int, key: int, *, wrong: str = "") -> Response:
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        who = known_annotator(connection, project, key)
        it = describe_annotator(connection, found, who, now=state.clock())
    views = task_views(found, model.name, [task for _, task in it.newest])
    return render(
        request,
        "label/annotator.html.j2",
        status=422 if wrong else 200,
        project=found,
        model=model,
        who=who,
        it=it,
        person=person_rows([it.row])[0],
        table=confusion_table(found, it.confusion),
        newest=[
            (answer, view, payload_words(answer.payload), seconds_words(answer.seconds))
            for (answer, _), view in zip(it.newest, views, strict=True)
        ],
        events=[(one, event_words(one), "") for one in it.events],
        can_undo=can_undo,
        skills=", ".join(f"{name}={level:g}" for name, level in who.skills.items()),
        skill_words=[(name, share(level)) for name, level in who.skills.items()],
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong=wrong,
    )
