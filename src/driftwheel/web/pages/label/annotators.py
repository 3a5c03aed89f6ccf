"""The annotators of a project, and the links by which people join it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.label.people.invite_annotators import (
    CreatedInvitation,
    end_invitation,
    invite_annotators,
)
from driftwheel.services.label.quality.answer_quality import SAMPLE, answer_quality
from driftwheel.services.label.review.describe_project import annotator_rows
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import page_annotators
from driftwheel.store.labels.answer_sample import newest_answers
from driftwheel.store.labels.invitations import list_invitations
from driftwheel.store.labels.pools import list_pools
from driftwheel.web.pages.label.invitation_link import invitation_link
from driftwheel.web.pages.label.known_project import Key, known_project
from driftwheel.web.pages.label.pool_form import read_skills
from driftwheel.web.pages.label.project import person_rows
from driftwheel.web.pages.models.model_fields import names_with_commas
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_PAGE = 100
_MOST_DAYS = 3660
_EMPTY = {
    "note": "",
    "most": "1",
    "languages": "",
    "tags": "",
    "skills_told": "",
    "tags_told": "",
    "days": "30",
}
_TOLD = {
    "revoked": "The link is revoked: nobody joins by it any more. Who has joined stays.",
    "banned": "Banned: no task goes to them any more.",
    "undone": "It is undone, and what it rested on is not held against them again.",
}


@router.get("/labels/{project}/annotators", dependencies=[permit("read")])
def _show_annotators(request: Request, state: State, project: Key) -> Response:
    """List the annotators and the links."""
    return _page(request, state, project, done=_TOLD.get(request.query_params.get("told", ""), ""))


@router.post("/labels/{project}/annotators", dependencies=[permit("edit-models")])
def _invite(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    note: Annotated[str, Form()] = "",
    most: Annotated[str, Form()] = "1",
    languages: Annotated[str, Form()] = "",
    tags: Annotated[str, Form()] = "",
    skills_told: Annotated[str, Form()] = "",
    tags_told: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "30",
) -> Response:
    """Make a link and show it, this once."""
    with reading(state.engine) as connection:
        known_project(connection, project)
    now = state.clock()
    given = {"note": note, "most": most, "languages": languages, "tags": tags, "days": days}
    given |= {"skills_told": skills_told, "tags_told": tags_told}
    try:
        made = invite_annotators(
            state.engine,
            project,
            by=caller.name,
            now=now,
            note_text=note.strip(),
            most=_whole("people", most, 10**6),
            languages=names_with_commas(languages),
            tags=names_with_commas(tags),
            skills_told=read_skills(skills_told),
            tags_told=names_with_commas(tags_told),
            expires=None if not days else now + timedelta(days=_whole("days", days, _MOST_DAYS)),
        )
    except UsageError as error:
        return _page(request, state, project, wrong=str(error), given=given)
    return _page(request, state, project, made=made)


@router.post("/labels/{project}/invitations/{key}/revoke", dependencies=[permit("edit-models")])
def _revoke(request: Request, state: State, caller: Caller, project: Key, key: Key) -> Response:
    """Revoke a link."""
    with reading(state.engine) as connection:
        known_project(connection, project)
    try:
        end_invitation(state.engine, project, key, by=caller.name, now=state.clock())
    except LookupError as error:
        return _page(request, state, project, wrong=str(error))
    return RedirectResponse(f"/labels/{project}/annotators?told=revoked", 303)


def _whole(what: str, text: str, most: int) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10 and 0 < int(text) <= most:
        return int(text)
    raise UsageError(f"'{text:.20}' is no number of {what}; give 1 to {most:,}.")


def _page(
    request: Request,
    state: Services,
    project: int,
    *,
    done: str = "",
    wrong: str = "",
    made: CreatedInvitation | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:
    now = state.clock()
    after = request.query_params.get("after", "")
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        people = page_annotators(connection, project, after=after, limit=_PAGE + 1)
        pools = [one.key for one in list_pools(connection, project)]
        sample = newest_answers(connection, pools, limit=SAMPLE[found.answer])
        quality = answer_quality(found, sample)
        rows = annotator_rows(connection, sample, quality, people=people[:_PAGE], now=now)
        invitations = list_invitations(connection, project)
    at = f"/labels/{project}/annotators"
    return render(
        request,
        "label/annotators.html.j2",
        status=422 if wrong else 200,
        project=found,
        model=model,
        quality=quality,
        people=person_rows(rows),
        further=address(at, {"after": people[_PAGE - 1].name}) if len(people) > _PAGE else None,
        first=at if after else None,
        good=[one for one in invitations if one.is_good(now)],
        ended=[one for one in invitations if not one.is_good(now)][:_PAGE],
        made=made,
        link=None if made is None else invitation_link(request, state.settings, made.secret),
        given={**_EMPTY, **(given or {})},
        done=done,
        wrong=wrong,
    )
