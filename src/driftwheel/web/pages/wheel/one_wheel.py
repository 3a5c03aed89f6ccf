"""The wheel of a model: the turn that goes on, what begins one, those that ended, and the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.services.wheel.begin_turn import begin_turn
from driftwheel.services.wheel.describe_turn import describe_turns
from driftwheel.services.wheel.describe_wheel import describe_wheel
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.services.wheel.turn_pages import turn_page
from driftwheel.store.engine.database import reading
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.wheel.policy_fields import (
    GROUPS,
    PolicyField,
    policy_changes,
    policy_rows,
    shown_value,
)
from driftwheel.web.pages.wheel.rhythm_chart import MOST_REIGNS, rhythm_chart
from driftwheel.web.pages.wheel.turn_view import turn_view
from driftwheel.web.pages.wheel.turn_words import wheel_address
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SHOWN = 20
_TOLD = {"policy": "The policy is set; it holds from the next turn on."}


async def _form(request: Request) -> dict[str, str]:
    """Read the fields of the form."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


_Given = Annotated[dict[str, str], Depends(_form)]


@router.get("/models/{name}/wheel", dependencies=[permit("read")])
def _show_wheel(request: Request, state: State, name: str) -> Response:
    """Show the wheel of a model."""
    return _page(request, state, name, done=_TOLD.get(request.query_params.get("told", ""), ""))


@router.post("/models/{name}/wheel/turns", dependencies=[permit("edit-models")])
def _begin(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    cause: Annotated[str, Form(max_length=LONGEST_REMARK)] = "",
    alert: Annotated[int | None, Form(ge=1, lt=2**63)] = None,
) -> Response:
    """Begin a turn by hand and lead to it."""
    model_at(state.engine, name)
    try:
        turn = begin_turn(state.engine, name, cause=cause, alert=alert, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, name, wrong=str(error), status=status_of(error))
    return RedirectResponse(f"{turn_page(name, turn.number)}?told=begun", 303)


@router.post("/models/{name}/wheel/policy", dependencies=[permit("edit-models")])
def _set_policy(request: Request, state: State, caller: Caller, name: str, given: _Given) -> Response:
    """Set the policy and lead back."""
    model_at(state.engine, name)
    try:
        set_wheel_policy(state.engine, name, policy_changes(given), by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, name, wrong=str(error), status=status_of(error), given=given)
    return RedirectResponse(f"{wheel_address(name)}?told=policy", 303)


def _page(
    request: Request,
    state: Services,
    name: str,
    *,
    done: str = "",
    wrong: str = "",
    status: int = 200,
    given: Mapping[str, str] | None = None,
) -> Response:
    now = state.clock()
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame: dict[str, Any] = model_frame(connection, state, model)
    wheel = describe_wheel(state.engine, name, now=now)
    turns = [
        turn_view(state.engine, one, now)
        for one in describe_turns(state.engine, name, before=before, limit=_SHOWN)
    ]
    ended = [one for one in turns if not one.turn.is_open]
    return render(
        request,
        "wheel/wheel.html.j2",
        status=status,
        **frame,
        wheel_state=wheel,
        view=next((one for one in turns if one.turn.is_open), None),
        ended=ended,
        older=turns[-1].turn.number if len(turns) == _SHOWN and turns[-1].turn.number > 1 else None,
        rhythm=wheel.rhythm,
        chart=rhythm_chart(wheel.rhythm),
        reigns=wheel.rhythm.reigns[:MOST_REIGNS],
        groups=[
            (
                group.words,
                [
                    (one, _value(one, wheel.policy, given), _was(one, wheel.policy, given))
                    for one in group.fields
                ],
            )
            for group in GROUPS
        ],
        policy=policy_rows(wheel.policy),
        opened=given is not None,
        done=done,
        wrong=wrong,
    )


def _value(field: PolicyField, policy: WheelPolicy, given: Mapping[str, str] | None) -> str | bool:
    """Return what a field shows: what was sent, where that could not be taken."""
    if field.kind == "switch":
        return bool(getattr(policy, field.name)) if given is None else given.get(field.name) == "yes"
    return shown_value(field, policy) if given is None else given.get(field.name, "")


def _was(field: PolicyField, policy: WheelPolicy, given: Mapping[str, str] | None) -> str:
    """Return what a field held when the form was made that is sent back and forth."""
    is_on = bool(getattr(policy, field.name))
    now = shown_value(field, policy) if field.kind != "switch" else "yes" if is_on else ""
    return now if given is None else given.get(f"was-{field.name}", now)
