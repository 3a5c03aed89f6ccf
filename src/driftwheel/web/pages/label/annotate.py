"""The page on which people label a project's tasks, one after the other; and the list of such projects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from driftwheel.services.access.authorise import allows
from driftwheel.services.label.people.find_annotator import project_for
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import annotator_with_token
from driftwheel.store.labels.pools import open_pools
from driftwheel.store.labels.projects import AnswerType, list_projects
from driftwheel.store.models.models import model_by_key
from driftwheel.web.pages.rendering import render
from driftwheel.web.safe_markdown import safe_markdown
from driftwheel.web.security.identity import Caller, has_joined
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.security.session_cookie import COOKIE, set_session_cookie
from driftwheel.web.state import State

__all__ = ["JOINED_FOR", "QUESTIONS", "SKIP_REASONS", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

JOINED_FOR: Final = timedelta(days=400)
"""After the last look, a browser forgets who has joined; browsers keep no cookie for longer."""

QUESTIONS: Mapping[AnswerType, str] = {
    "class": "Which class is it?",
    "multi-class": "Which classes are there?",
    "boxes": "Draw a box around each object",
}
SKIP_REASONS = (
    "The image is broken or empty",
    "It is not what is asked about",
    "The instructions do not say what to do",
    "I would rather not look at it",
)

_Key = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/annotate", dependencies=[permit("annotate", all_models=True)])
def _show_projects(request: Request, state: State, caller: Caller) -> Response:
    """List the projects to label in; lead who has joined one to that."""
    with reading(state.engine) as connection:
        joined = None if caller.token is None else annotator_with_token(connection, caller.token)
        if joined is not None:
            return RedirectResponse(f"/annotate/{joined.project}", 303)
        rows = [
            (one, QUESTIONS[one.answer], bool(open_pools(connection, one.key)))
            for one in list_projects(connection)
            if caller.models is None
            or ((model := model_by_key(connection, one.model)) is not None and model.name in caller.models)
        ]
    rows.sort(key=lambda row: not row[2])
    return render(request, "label/annotate_projects.html.j2", rows=rows)


@router.get("/annotate/{project}", dependencies=[permit("annotate", all_models=True)])
def _show_annotate(request: Request, state: State, caller: Caller, project: _Key) -> Response:
    """Show the page; its tasks come over the API."""
    with reading(state.engine) as connection:
        try:
            found = project_for(connection, project, caller)
        except LookupError as error:
            raise HTTPException(404, str(error)) from None
        who = None if caller.token is None else annotator_with_token(connection, caller.token)
    text = found.instructions.strip()
    page = render(
        request,
        "label/annotate.html.j2",
        project=found,
        question=QUESTIONS[found.answer],
        instructions=safe_markdown(text, found.key) if text else "",
        brief=_brief(text),
        instructed=hashlib.sha256(text.encode()).hexdigest()[:16] if text else "",
        reasons=SKIP_REASONS,
        who=caller.name if who is None else who.name,
        joined=has_joined(caller),
        home=f"/labels/{found.key}" if allows(caller, "read") else "/annotate",
        secret=caller.csrf or "",
    )
    if has_joined(caller):  # who comes back stays known
        set_session_cookie(page, request, state, request.cookies[COOKIE], state.clock() + JOINED_FOR)
    return page


def _brief(text: str) -> str:
    """Return the first paragraph of instructions as plain words; headings and marks are left out."""
    words = Markup(safe_markdown(re.sub(r"(?m)^#.*$", "", text).strip().split("\n\n")[0]))  # noqa: S704
    return " ".join(words.striptags().split())
