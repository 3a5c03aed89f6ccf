"""Labels that are likely wrong, the most suspicious first, to be kept, changed or labelled again."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from driftwheel.services.label.review.find_errors import LOOKED_AT, Source, find_errors, sources_for
from driftwheel.store.engine.database import reading
from driftwheel.web.pages.label.known_project import Key, known_project
from driftwheel.web.pages.label.task_view import payload_words, task_views
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SHOWN = 40
_WORDS: dict[Source, str] = {
    "all": "all that there is: the model, the other labels, images that look alike",
    "model": "what the model said when it saw the image",
    "learnt": "what was learnt from the other labels",
    "alike": "the labels of images that look alike",
}
_TOLD = {
    "accept": "Kept: the label stands.",
    "edit": "Changed, and final.",
    "reject": "Back to be labelled by others.",
}


@router.get("/labels/{project}/errors", dependencies=[permit("read")])
def _show_errors(request: Request, state: State, project: Key) -> Response:
    """Show the labels that are likely wrong."""
    asked = request.query_params.get("against", "")
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        possible = sources_for(found)
        source = next((one for one in possible if one == asked), possible[0])
        it = find_errors(connection, found, source, limit=_SHOWN)
    views = task_views(found, model.name, [one.task for one in it.suspects])
    return render(
        request,
        "label/errors.html.j2",
        project=found,
        model=model,
        it=it,
        rows=[
            (
                one,
                view,
                payload_words(one.suggested, most=6),
                _plain(one.suggested),
                _plain(one.task.consensus),
            )
            for one, view in zip(it.suspects, views, strict=True)
        ],
        sources=[(one, _WORDS[one]) for one in possible],
        against=_WORDS[it.source],
        looked_at=LOOKED_AT,
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        last=request.query_params.get("last", "") if request.query_params.get("last", "").isdecimal() else "",
    )


def _plain(payload: object) -> str:
    return json.dumps(payload, separators=(",", ":"))
