"""The registry: gate runs and their answers, promotions, rollbacks, shadows, and the policy."""

from __future__ import annotations

import secrets
from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query

from driftwheel.errors import UsageError
from driftwheel.services.release.answer_gate import (
    gate_of_model,
    label_for_gate,
    promote_by_gate,
    refuse_by_gate,
)
from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.change_version import retire, start_shadow, stop_shadow, take_back
from driftwheel.services.release.describe_registry import describe_registry, named_run
from driftwheel.services.release.gate_slice import GateSlice, slice_of_alert
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.release.set_policy import set_policy
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import list_versions
from driftwheel.store.release.gate_runs import list_gate_runs
from driftwheel.store.release.policies import find_policy
from driftwheel.web.api.describe import problems
from driftwheel.web.api.gate_bodies import (
    GateAnswer,
    GateBody,
    LabelMoreBody,
    PolicyAnswer,
    PolicyBody,
    PromoteBody,
    PromotionAnswer,
    ReasonBody,
    RollbackBody,
    ShadowBody,
    StateBody,
    gate_answer,
    policy_answer,
    promotion_answer,
)
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.api.models import VersionAnswer, version_answer
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "answer_label_more",
    "answer_promote",
    "answer_refuse",
    "change_policy",
    "make_champion",
    "read_gate",
    "read_gates",
    "read_policy",
    "read_promotions",
    "router",
    "send_to_gate",
    "set_shadow",
    "set_version_state",
    "undo_promotion",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}", tags=["registry"])

_Key = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/gates", dependencies=[permit("read")], responses=problems(404))
def read_gates(
    name: str,
    state: State,
    before: Annotated[
        int | None, Query(ge=1, lt=2**31, description="Runs with smaller keys, for the next page.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[GateAnswer]:
    """Read the gate runs of a model, the newest first, each with all its numbers."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        versions = {one.key: one for one in list_versions(connection, model.key)}
        runs = list_gate_runs(connection, model.key, before_key=before, limit=limit)
    return [gate_answer(named_run(one, versions)) for one in runs]


@router.post("/gates", status_code=202, dependencies=[permit("edit-models")], responses=problems(404))
def send_to_gate(name: str, body: GateBody, state: State, caller: Caller) -> GateAnswer:
    """Send a version to the gate: a worker compares it with the champion on held-out images."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        chosen: GateSlice | None = None
        if body.alert is not None:
            chosen = slice_of_alert(connection, model, body.alert)
        elif body.everything or body.since or body.until or body.tag:
            chosen = GateSlice(body.since, body.until, body.tag, body.value)
    run = ask_gate(state.engine, name, body.version, chosen=chosen, by=caller.name, now=state.clock())
    return _gate(state, name, run.key)


@router.get("/gates/{key}", dependencies=[permit("read")], responses=problems(404))
def read_gate(name: str, key: _Key, state: State) -> GateAnswer:
    """Read a gate run with all its numbers."""
    return _gate(state, name, key)


@router.post("/gates/{key}/promote", dependencies=[permit("edit-models")], responses=problems(404))
def answer_promote(name: str, key: _Key, body: ReasonBody, state: State, caller: Caller) -> GateAnswer:
    """Promote the challenger that a gate run let in."""
    _gate(state, name, key)
    promote_by_gate(state.engine, name, key, by=caller.name, now=state.clock(), reason=body.reason)
    return _gate(state, name, key)


@router.post("/gates/{key}/refuse", dependencies=[permit("edit-models")], responses=problems(404))
def answer_refuse(name: str, key: _Key, body: ReasonBody, state: State, caller: Caller) -> GateAnswer:
    """Keep the challenger of a gate run out, whatever the run says."""
    _gate(state, name, key)
    refuse_by_gate(state.engine, name, key, by=caller.name, now=state.clock(), reason=body.reason)
    return _gate(state, name, key)


@router.post("/gates/{key}/label", dependencies=[permit("edit-models")], responses=problems(404))
def answer_label_more(name: str, key: _Key, body: LabelMoreBody, state: State, caller: Caller) -> GateAnswer:
    """Open a pool with the images whose labels a gate run lacks; then it goes to the gate again by itself."""
    _gate(state, name, key)
    label_for_gate(
        state.engine,
        name,
        key,
        by=caller.name,
        now=state.clock(),
        rng=np.random.default_rng(secrets.randbits(128)),
        count=body.count,
    )
    return _gate(state, name, key)


@router.get("/promotions", dependencies=[permit("read")], responses=problems(404))
def read_promotions(name: str, state: State) -> list[PromotionAnswer]:
    """Read who or what made which version the champion, and why; the newest first."""
    with reading(state.engine) as connection:
        found = describe_registry(connection, known_model(connection, name))
    return [promotion_answer(one) for one in found.promotions]


@router.post("/promote", dependencies=[permit("edit-models")], responses=problems(404))
def make_champion(name: str, body: PromoteBody, state: State, caller: Caller) -> VersionAnswer:
    """Make a version the champion: servers answer with it within a second or two."""
    model_at(state.engine, name)
    made = promote(
        state.engine,
        name,
        body.version,
        by=caller.name,
        now=state.clock(),
        reason=body.reason,
        without_gate=body.without_gate,
    )
    return version_answer(made)


@router.post("/rollback", dependencies=[permit("edit-models")], responses=problems(404))
def undo_promotion(name: str, body: RollbackBody, state: State, caller: Caller) -> VersionAnswer:
    """Make the champion before this one the champion again; again, it goes further back."""
    model_at(state.engine, name)
    made = roll_back(state.engine, name, by=caller.name, now=state.clock(), reason=body.reason, to=body.to)
    return version_answer(made)


@router.put("/shadow", dependencies=[permit("edit-models")], responses=problems(404))
def set_shadow(name: str, body: ShadowBody, state: State, caller: Caller) -> VersionAnswer:
    """Let a version answer in the shadow of the champion, or none any more."""
    model_at(state.engine, name)
    if body.version is None:
        return version_answer(stop_shadow(state.engine, name, by=caller.name, now=state.clock()))
    return version_answer(start_shadow(state.engine, name, body.version, by=caller.name, now=state.clock()))


@router.post("/version-state", dependencies=[permit("edit-models")], responses=problems(404))
def set_version_state(name: str, body: StateBody, state: State, caller: Caller) -> VersionAnswer:
    """Put a version away, or make a retired one a candidate again."""
    model_at(state.engine, name)
    change = retire if body.state == "retired" else take_back
    return version_answer(change(state.engine, name, body.version, by=caller.name, now=state.clock()))


@router.get("/release-policy", dependencies=[permit("read")], responses=problems(404))
def read_policy(name: str, state: State) -> PolicyAnswer:
    """Read what the gate of a model asks, and who promotes."""
    with reading(state.engine) as connection:
        return policy_answer(find_policy(connection, known_model(connection, name).key))


@router.patch("/release-policy", dependencies=[permit("edit-models")], responses=problems(404))
def change_policy(name: str, body: PolicyBody, state: State, caller: Caller) -> PolicyAnswer:
    """Change what the gate of a model asks, and who promotes."""
    model_at(state.engine, name)
    wanted = set_policy(
        state.engine,
        name,
        policy=body.policy,
        gates=body.gates,
        rule=body.rule,
        by=caller.name,
        now=state.clock(),
    )
    return policy_answer(wanted)


def _gate(services: Services, name: str, key: int) -> GateAnswer:
    with reading(services.engine) as connection:
        model = known_model(connection, name)
        try:
            run = gate_of_model(connection, model, key)
        except UsageError as error:
            raise HTTPException(404, str(error)) from None
        versions = {one.key: one for one in list_versions(connection, model.key)}
    return gate_answer(named_run(run, versions))
