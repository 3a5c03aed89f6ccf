"""The wheel of a model: its policy, what each trigger sees, the suggested rhythm of retraining."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from driftwheel.services.wheel.describe_wheel import describe_wheel
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import model_at
from driftwheel.web.api.wheel_bodies import WheelAnswer, WheelPolicyBody, wheel_answer
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["change_wheel_policy", "put_wheel_policy", "read_wheel", "router"]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}/wheel", tags=["wheel"])


@router.get("", dependencies=[permit("read")], responses=problems(404))
def read_wheel(name: str, state: State) -> WheelAnswer:
    """Read the policy of a model's wheel, what each trigger sees, and the suggested rhythm of retraining."""
    model_at(state.engine, name)
    return wheel_answer(describe_wheel(state.engine, name, now=state.clock()))


@router.put("", dependencies=[permit("edit-models")], responses=problems(404))
def put_wheel_policy(name: str, body: WheelPolicyBody, state: State, caller: Caller) -> WheelAnswer:
    """Set the policy of a model's wheel; what is left out is the default. Turns that go on keep theirs."""
    given = asdict(WheelPolicy()) | body.model_dump(exclude_unset=True)
    return _set(state, name, given, caller.name)


@router.patch("", dependencies=[permit("edit-models")], responses=problems(404))
def change_wheel_policy(name: str, body: WheelPolicyBody, state: State, caller: Caller) -> WheelAnswer:
    """Change the policy of a model's wheel; what is left out stays."""
    return _set(state, name, body.model_dump(exclude_unset=True), caller.name)


def _set(services: Services, name: str, given: dict[str, Any], by: str) -> WheelAnswer:
    model_at(services.engine, name)
    now = services.clock()
    set_wheel_policy(services.engine, name, given, by=by, now=now)
    return wheel_answer(describe_wheel(services.engine, name, now=now))
