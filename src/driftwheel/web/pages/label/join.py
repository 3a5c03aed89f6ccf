"""Joining a labelling project by the link of an invitation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import allows
from driftwheel.services.label.people.describe_invitation import InvitationFacts, describe_invitation
from driftwheel.services.label.people.invite_annotators import Told
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import annotator_with_token
from driftwheel.web.join import take_invitation
from driftwheel.web.pages.label.annotate import JOINED_FOR, QUESTIONS
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.csrf import check_same_origin
from driftwheel.web.security.identity import identify
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.security.session_cookie import set_session_cookie
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Secret = Annotated[str, Path(min_length=1, max_length=128)]
_LONGEST = 64


@router.get("/join/{secret}", dependencies=[permit("public")])
async def _show_join(request: Request, state: State, secret: _Secret) -> Response:
    """Say what one is invited to; who has joined already goes on to it, so the link is a way back as well."""
    caller = await identify(request, state)
    with reading(state.engine) as connection:
        found = describe_invitation(connection, secret, state.clock())
        who = (
            None if caller is None or caller.token is None else annotator_with_token(connection, caller.token)
        )
    if found is not None and who is not None and who.project == found.project.key:
        return RedirectResponse(f"/annotate/{found.project.key}", 303)
    user = (
        caller.name if caller is not None and caller.user is not None and allows(caller, "annotate") else ""
    )
    return _page(request, found, user=user)


@router.post("/join/{secret}", dependencies=[permit("public")])
def _do_join(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    secret: _Secret,
    name: Annotated[str, Form()] = "",
    languages: Annotated[tuple[str, ...], Form()] = (),
    skills: Annotated[tuple[str, ...], Form()] = (),
    tags: Annotated[tuple[str, ...], Form()] = (),
) -> Response:
    """Join, and begin to label: the browser keeps the token, no script sees it."""
    check_same_origin(request)
    said = (*languages, *skills, *tags)
    try:
        joined = take_invitation(request, state, secret, name.strip(), Told(languages, skills, tags))
    except LookupError:
        return _page(request, None, status=404)
    except UsageError as error:
        return _again(request, state, secret, name, said, str(error), 422)
    except HTTPException as error:
        page = _again(request, state, secret, name, said, str(error.detail), error.status_code)
        page.headers.update(error.headers or {})
        return page
    answer = RedirectResponse(f"/annotate/{joined.project.key}", 303)
    set_session_cookie(answer, request, state, joined.token, state.clock() + JOINED_FOR)
    return answer


def _again(  # noqa: PLR0917
    request: Request,
    state: Services,
    secret: str,
    name: str,
    languages: tuple[str, ...],
    wrong: str,
    status: int,
) -> Response:
    with reading(state.engine) as connection:
        found = describe_invitation(connection, secret, state.clock())
    return _page(request, found, name=name[:_LONGEST], spoken=languages, wrong=wrong, status=status)


def _page(
    request: Request,
    found: InvitationFacts | None,
    *,
    user: str = "",
    name: str = "",
    spoken: tuple[str, ...] = (),
    wrong: str = "",
    status: int = 200,
) -> Response:
    good = found is not None and found.good
    return render(
        request,
        "label/join.html.j2",
        status=status if good or status != 200 else 404,
        found=found if good else None,
        question=QUESTIONS[found.project.answer] if found is not None else "",
        user=user,
        name=name,
        spoken=spoken,
        wrong=wrong,
    )
