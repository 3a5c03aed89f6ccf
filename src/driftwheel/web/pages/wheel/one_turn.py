"""One turn of the wheel: where it stands, what it waits for, its steps with what they made, and its cost."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.services.wheel.answer_turn import answer_turn
from driftwheel.services.wheel.describe_turn import DescribedTurn, describe_turn
from driftwheel.services.wheel.stop_turn import stop_turn
from driftwheel.services.wheel.turn_pages import turn_page
from driftwheel.store.engine.database import reading
from driftwheel.store.wheel.sightings import sightings_of
from driftwheel.store.wheel.turns import last_turn
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.wheel.policy_fields import policy_rows
from driftwheel.web.pages.wheel.turn_view import turn_view
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Number = Annotated[int, Path(ge=1, lt=2**31)]
_TOLD = {
    "begun": "A worker takes it up within seconds.",
    "promote": "It is promoted: the turn goes on.",
    "refuse": "It is kept out: the turn ends.",
    "stopped": "It is stopped.",
}


@router.get("/models/{name}/wheel/turns/{number}", dependencies=[permit("read")])
def _show_turn(request: Request, state: State, name: str, number: _Number) -> Response:
    """Show a turn."""
    told = request.query_params.get("told", "")
    return _page(request, state, name, number, done=_TOLD.get(told, ""))


@router.get("/models/{name}/wheel/turns/{number}/live", dependencies=[permit("read")])
def _show_live(request: Request, state: State, name: str, number: _Number) -> Response:
    """Show only what changes while it goes on: the page puts it in its place."""
    view = turn_view(state.engine, _turn(state, name, number), state.clock())
    return render(request, "wheel/turn_live.html.j2", view=view)


@router.post("/models/{name}/wheel/turns/{number}/answer", dependencies=[permit("edit-models")])
def _answer(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    number: _Number,
    act: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=LONGEST_REMARK)] = "",
) -> Response:
    """Promote or refuse the challenger that it waits for, and lead back to it."""
    _turn(state, name, number)
    if act not in {"promote", "refuse"}:
        wrong = "Choose what is to be done: promote or refuse."
        return _page(request, state, name, number, wrong=wrong, status=422)
    try:
        answer_turn(
            state.engine,
            name,
            number,
            act,
            by=caller.name,
            now=state.clock(),
            reason=reason,
        )
    except UsageError as error:
        return _page(request, state, name, number, wrong=str(error), status=status_of(error))
    return RedirectResponse(f"{turn_page(name, number)}?told={act}", 303)


@router.post("/models/{name}/wheel/turns/{number}/stop", dependencies=[permit("edit-models")])
def _stop(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    number: _Number,
    reason: Annotated[str, Form(max_length=LONGEST_REMARK)] = "",
) -> Response:
    """Stop it and lead back to it."""
    _turn(state, name, number)
    try:
        stop_turn(state.engine, name, number, by=caller.name, now=state.clock(), reason=reason)
    except UsageError as error:
        return _page(request, state, name, number, wrong=str(error), status=status_of(error))
    return RedirectResponse(f"{turn_page(name, number)}?told=stopped", 303)


def _turn(state: Services, name: str, number: int) -> DescribedTurn:
    model_at(state.engine, name)
    try:
        return describe_turn(state.engine, name, number)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def _page(
    request: Request,
    state: Services,
    name: str,
    number: int,
    *,
    done: str = "",
    wrong: str = "",
    status: int = 200,
) -> Response:
    found = _turn(state, name, number)
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame: dict[str, Any] = model_frame(connection, state, model)
        sightings = sightings_of(connection, found.turn.key)
        newest = last_turn(connection, model.key)
    return render(
        request,
        "wheel/turn.html.j2",
        status=status,
        **frame,
        view=turn_view(state.engine, found, state.clock()),
        policy=policy_rows(WheelPolicy.from_json(found.turn.policy)),
        sightings=sightings,
        newer=newest is not None and newest.number > number,
        done=done,
        wrong=wrong,
    )
