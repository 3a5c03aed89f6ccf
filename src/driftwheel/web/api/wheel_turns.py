"""Turns of a model's wheel: read, begun by hand, answered, stopped."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query

from driftwheel.errors import UsageError
from driftwheel.services.wheel.answer_turn import answer_turn
from driftwheel.services.wheel.begin_turn import begin_turn
from driftwheel.services.wheel.describe_turn import describe_turn, describe_turns
from driftwheel.services.wheel.stop_turn import stop_turn
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import model_at
from driftwheel.web.api.turn_bodies import (
    NewTurnBody,
    StopTurnBody,
    TurnAnswer,
    TurnAnswerBody,
    TurnsAnswer,
    turn_answer,
)
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["answer", "make_turn", "read_turn", "read_turns", "router", "stop"]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}/wheel/turns", tags=["wheel"])

_READ = [permit("read")]
_EDIT = [permit("edit-models")]
_Number = Annotated[int, Path(ge=1, lt=2**31, description="Of the turn, within the model.")]


@router.get("", dependencies=_READ, responses=problems(404))
def read_turns(
    name: str,
    state: State,
    before: Annotated[int | None, Query(ge=1, lt=2**31, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> TurnsAnswer:
    """Read the turns of a model's wheel, the newest first, each with its steps and what it cost."""
    model_at(state.engine, name)
    found = describe_turns(state.engine, name, before=before, limit=limit)
    more = found[-1].turn.number if len(found) == limit and found[-1].turn.number > 1 else None
    return TurnsAnswer(turns=[turn_answer(one) for one in found], next=more)


@router.post("", status_code=202, dependencies=_EDIT, responses=problems(404))
def make_turn(name: str, body: NewTurnBody, state: State, caller: Caller) -> TurnAnswer:
    """Begin a turn by hand, within the budget of the policy; a worker takes it up."""
    model_at(state.engine, name)
    turn = begin_turn(
        state.engine, name, cause=body.cause, alert=body.alert, by=caller.name, now=state.clock()
    )
    return _turn(state, name, turn.number)


@router.get("/{number}", dependencies=_READ, responses=problems(404))
def read_turn(name: str, number: _Number, state: State) -> TurnAnswer:
    """Read where a turn stands, what it waits for, what its steps made and found, and what it cost."""
    return _turn(state, name, number)


@router.post("/{number}/answer", dependencies=_EDIT, responses=problems(404))
def answer(name: str, number: _Number, body: TurnAnswerBody, state: State, caller: Caller) -> TurnAnswer:
    """Promote or refuse the challenger of a turn that waits for that; it is the answer to its gate run."""
    _turn(state, name, number)
    answer_turn(
        state.engine, name, number, body.answer, by=caller.name, now=state.clock(), reason=body.reason
    )
    return _turn(state, name, number)


@router.post("/{number}/stop", dependencies=_EDIT, responses=problems(404))
def stop(name: str, number: _Number, body: StopTurnBody, state: State, caller: Caller) -> TurnAnswer:
    """End a turn at once: its open pools are closed, its trainings stopped; the champion stays."""
    _turn(state, name, number)
    stop_turn(state.engine, name, number, by=caller.name, now=state.clock(), reason=body.reason)
    return _turn(state, name, number)


def _turn(services: Services, name: str, number: int) -> TurnAnswer:
    model_at(services.engine, name)
    try:
        return turn_answer(describe_turn(services.engine, name, number))
    except UsageError as error:
        raise HTTPException(404, str(error)) from None
