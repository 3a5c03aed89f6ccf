"""The review queue, and one task: what everybody said, and what a person decides."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.label.review.describe_task import describe_task
from driftwheel.services.label.review.promote_task import promote_task
from driftwheel.services.label.review.review_task import Decision, review_task
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.review_queue import count_queued, queued_tasks
from driftwheel.store.labels.tasks import ReviewWhy
from driftwheel.web.pages.label.decision_view import WHY_WORDS, decision_view
from driftwheel.web.pages.label.known_project import Key, known_project
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_TaskKey = Annotated[int, Path(ge=1, lt=2**63)]
_NEXT = 8  # further ones that are shown small

_TOLD = {
    "accept": "Accepted.",
    "edit": "Changed, and final.",
    "reject": "Back to be labelled by others.",
    "promoted": "It is a golden task of that pool now.",
}


@router.get("/labels/{project}/review", dependencies=[permit("read")])
def _show_queue(request: Request, state: State, project: Key) -> Response:
    """Show the next task that wants a person."""
    return _queue(request, state, project)


@router.get("/labels/{project}/tasks/{task}", dependencies=[permit("read")])
def _show_task(request: Request, state: State, project: Key, task: _TaskKey) -> Response:
    """Show one task."""
    return _task(request, state, project, task)


@router.post("/labels/{project}/tasks/{task}/review", dependencies=[permit("edit-models")])
def _decide(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    task: _TaskKey,
    decision: Annotated[str, Form()] = "",
    chosen: Annotated[list[str] | None, Form()] = None,
    seen: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    anew: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Accept, edit or reject, and go on to the next."""
    with reading(state.engine) as connection:
        known_project(connection, project)

    def act() -> None:
        wish = _wish(decision, chosen or [], seen, reason.strip(), anew == "yes")
        review_task(state.engine, project, task, wish, by=caller.name, now=state.clock())

    return _act(request, state, project, task, act, decision.partition(":")[0], back)


@router.post("/labels/{project}/tasks/{task}/promote", dependencies=[permit("edit-models")])
def _promote(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    task: _TaskKey,
    pool: Annotated[int, Form(ge=1, lt=2**31)],
) -> Response:
    """Make a golden task of it, in another pool."""

    def act() -> None:
        promote_task(state.engine, project, task, pool, by=caller.name, now=state.clock())

    return _act(request, state, project, task, act, "promoted", "task")


def _wish(decision: str, chosen: list[str], seen: str, reason: str, anew: bool) -> Decision:
    """Return what a form decides: ``accept``, ``reject``, ``edit:class``, ``edit:classes`` or ``edit:as``.

    Raises
    ------
    UsageError
        For another word, or what is no answer.
    """
    match decision.partition(":"):
        case ("accept", _, _):
            return Decision("accept", _payload(seen) if seen else None, reason, anew=anew)
        case ("reject", _, _):
            return Decision("reject", None, reason, anew=anew)
        case ("edit", _, "classes"):
            before = _payload(seen) if seen else {}
            if seen and set(before.get("classes", ())) == set(chosen):
                return Decision("accept", before, reason, anew=anew)
            return Decision("edit", {"classes": chosen}, reason, anew=anew)
        case ("edit", _, said):
            return Decision("edit", _payload(said), reason, anew=anew)
    raise UsageError(f"'{decision:.20}' is no decision; accept, edit or reject.")


def _payload(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError("The form does not say an answer; load the page again.")
    return found


def _act(  # noqa: PLR0917
    request: Request,
    state: Services,
    project: int,
    task: int,
    act: Callable[[], None],
    told: str,
    back: str,
) -> Response:
    try:
        act()
    except UsageError as error:
        return _task(request, state, project, task, wrong=str(error))
    except LookupError as error:
        raise HTTPException(404, str(error)) from None
    if back == "task":
        return RedirectResponse(f"/labels/{project}/tasks/{task}?told={told}", 303)
    if back.startswith("errors:"):
        shown = {"against": back.partition(":")[2][:8], "told": told, "last": task}
        return RedirectResponse(address(f"/labels/{project}/errors", shown), 303)
    place = {"pool": _number(back.partition(":")[2]) or None, "after": task, "told": told, "last": task}
    return RedirectResponse(address(f"/labels/{project}/review", place), 303)


def _queue(request: Request, state: Services, project: int) -> Response:
    pool = _number(request.query_params.get("pool", "")) or None
    why = _why(request.query_params.get("why", ""))
    after = _number(request.query_params.get("after", "")) or 0
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        waiting = count_queued(connection, project, pool=pool)
        queued = queued_tasks(connection, project, pool=pool, why=why, after_key=after, limit=_NEXT + 1)
        if not queued and after:  # at the end: those that were passed over come again
            queued = queued_tasks(connection, project, pool=pool, why=why, limit=_NEXT + 1)
        it = describe_task(connection, project, queued[0].key) if queued else None
    at = f"/labels/{project}/review"
    last = _number(request.query_params.get("last", ""))
    return render(
        request,
        "label/review.html.j2",
        project=found,
        model=model,
        waiting=sum(waiting.values()),
        reasons=[
            (name, words, waiting.get(name, 0), address(at, {"pool": pool, "why": name}))
            for name, words in WHY_WORDS.items()
            if waiting.get(name)
        ],
        why=why,
        everything=address(at, {"pool": pool}),
        it=it,
        view=None if it is None else decision_view(it, model.name),
        skip=None if it is None else address(at, {"pool": pool, "why": why, "after": it.task.key}),
        further=queued[1:],
        back=f"queue:{pool or ''}",
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        last=last,
        wrong="",
    )


def _task(request: Request, state: Services, project: int, task: int, *, wrong: str = "") -> Response:
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        try:
            it = describe_task(connection, project, task)
        except LookupError as error:
            raise HTTPException(404, str(error)) from None
    return render(
        request,
        "label/task.html.j2",
        status=422 if wrong else 200,
        project=found,
        model=model,
        it=it,
        view=decision_view(it, model.name),
        back="task",
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong=wrong,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _why(text: str) -> ReviewWhy | None:
    return next((one for one in WHY_WORDS if one == text), None)
