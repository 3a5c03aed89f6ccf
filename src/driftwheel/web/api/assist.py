"""The assistant of a labelling project, pre-labels, and automatic labelling."""

from __future__ import annotations

import secrets
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path

from driftwheel.services.access.authorise import Identity
from driftwheel.services.assist.begin_automatic import begin_automatic
from driftwheel.services.assist.describe_assistant import Anchoring, describe_assistant
from driftwheel.services.assist.describe_automatic import (
    AutomaticStanding,
    describe_automatic,
    describe_run,
)
from driftwheel.services.assist.set_assist import (
    ask_for_training,
    change_pool_prelabels,
    enable_assistant,
)
from driftwheel.services.assist.train_assistant import LEVEL
from driftwheel.services.assist.undo_automatic import undo_automatic
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.assist.assist_options import AssistOptions, assist_options
from driftwheel.store.assist.assistants import Assistant
from driftwheel.store.engine.database import reading
from driftwheel.web.api.assist_bodies import (
    AnchoringAnswer,
    AssistantAnswer,
    AssistantChangeBody,
    AutomaticAnswer,
    AutomaticBody,
    CoverageAnswer,
    PoolPrelabelsAnswer,
    PoolPrelabelsBody,
    TrainedAnswer,
    share_answer,
)
from driftwheel.web.api.describe import problems
from driftwheel.web.api.projects import ProjectKey, found_or_404, project_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "edit_assistant",
    "edit_prelabels",
    "label_automatically",
    "read_assistant",
    "read_automatic",
    "read_prelabels",
    "router",
    "train_now",
    "undo_automatic_run",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/projects/{project}", tags=["labelling"])

_Pool = Annotated[int, Path(ge=1, lt=2**31)]
_Run = Annotated[int, Path(ge=1, lt=2**31)]
_READ = [permit("read", all_models=True)]
_EDIT = [permit("edit-models", all_models=True)]


@router.get("/assistant", dependencies=_READ, responses=problems(404))
def read_assistant(project: ProjectKey, state: State, caller: Caller) -> AssistantAnswer:
    """Read how the assistant of a project stands: what it learnt, how good it is, what it does to answers."""
    found = project_at(state, caller, project)
    with reading(state.engine) as connection:
        stands = describe_assistant(connection, found)
    report = {} if stands.newest is None else stands.newest.report
    return AssistantAnswer(
        ready=stands.enabled and stands.newest is not None,
        enabled=stands.enabled,
        labels=stands.labels,
        next_at=stands.next_at,
        reason=stands.reason,
        level=LEVEL,
        newest=None if stands.newest is None else _trained(stands.newest),
        counts=report.get("counts", {}),
        recalls={name: share_answer(one) for name, one in report.get("recalls", {}).items()},
        coverage=CoverageAnswer(**report["coverage"]) if report else None,
        later_blind=share_answer(stands.later_blind),
        later=share_answer(stands.later),
        anchoring=_anchoring(stands.anchoring),
        history=[_trained(one) for one in stands.history],
    )


@router.patch("/assistant", dependencies=_EDIT, responses=problems(404))
def edit_assistant(
    project: ProjectKey, body: AssistantChangeBody, state: State, caller: Caller
) -> AssistantAnswer:
    """Let the assistant of a project learn and be shown, or not any more."""
    project_at(state, caller, project)
    with found_or_404():
        enable_assistant(state.engine, project, enabled=body.enabled, by=caller.name, now=state.clock())
    return read_assistant(project, state, caller)


@router.post("/assistant/training", status_code=202, dependencies=_EDIT, responses=problems(404))
def train_now(project: ProjectKey, state: State, caller: Caller) -> AssistantAnswer:
    """Have a worker train the assistant now; by itself it does so when labels have grown by a fifth."""
    project_at(state, caller, project)
    with found_or_404():
        ask_for_training(state.engine, project, by=caller.name, now=state.clock())
    return read_assistant(project, state, caller)


@router.get("/pools/{pool}/prelabels", dependencies=_READ, responses=problems(404))
def read_prelabels(project: ProjectKey, pool: _Pool, state: State, caller: Caller) -> PoolPrelabelsAnswer:
    """Read what pre-labels a pool shows."""
    _known(state, caller, project, pool)
    with reading(state.engine) as connection:
        return _options(assist_options(connection, pool))


@router.patch("/pools/{pool}/prelabels", dependencies=_EDIT, responses=problems(404))
def edit_prelabels(
    project: ProjectKey, pool: _Pool, body: PoolPrelabelsBody, state: State, caller: Caller
) -> PoolPrelabelsAnswer:
    """Say what pre-labels a pool shows from now on."""
    _known(state, caller, project, pool)
    changed = change_pool_prelabels(
        state.engine,
        project,
        pool,
        prelabels=body.prelabels,
        hidden_share=body.hidden_share,
        by=caller.name,
        now=state.clock(),
    )
    return _options(changed)


@router.get("/pools/{pool}/automatic", dependencies=_READ, responses=problems(404))
def read_automatic(project: ProjectKey, pool: _Pool, state: State, caller: Caller) -> list[AutomaticAnswer]:
    """Read how the runs of automatic labelling of a pool stand, the newest first."""
    _known(state, caller, project, pool)
    with reading(state.engine) as connection:
        return [_run(one) for one in describe_automatic(connection, pool)]


@router.post("/pools/{pool}/automatic", status_code=202, dependencies=_EDIT, responses=problems(404))
def label_automatically(
    project: ProjectKey, pool: _Pool, body: AutomaticBody, state: State, caller: Caller
) -> AutomaticAnswer:
    """Label the rest of a pool automatically, with at most `bound` of it wrong; people answer a sample first.

    What the assistant is sure of is accepted once that is answered, the rest is left to people.
    """
    _known(state, caller, project, pool)
    run = begin_automatic(
        state.engine,
        project,
        pool,
        bound=body.bound,
        risk=body.risk,
        sample=body.sample,
        by=caller.name,
        now=state.clock(),
        rng=np.random.default_rng(secrets.randbits(128)),
    )
    with reading(state.engine) as connection:
        return _run(describe_run(connection, pool, run.key))


@router.post(
    "/pools/{pool}/automatic/{run}/undo", status_code=202, dependencies=_EDIT, responses=problems(404)
)
def undo_automatic_run(
    project: ProjectKey, pool: _Pool, run: _Run, state: State, caller: Caller
) -> AutomaticAnswer:
    """Give all that a run accepted back to people; a run whose sample is being answered is ended."""
    _known(state, caller, project, pool)
    with found_or_404():
        undo_automatic(state.engine, project, pool, run, by=caller.name, now=state.clock())
    with reading(state.engine) as connection:
        return _run(describe_run(connection, pool, run))


def _known(state: Services, caller: Identity, project: int, pool: int) -> None:
    project_at(state, caller, project)
    with reading(state.engine) as connection, found_or_404():
        pool_of_project(connection, project, pool)


def _trained(one: Assistant) -> TrainedAnswer:
    return TrainedAnswer(
        key=one.key,
        trained=one.trained,
        seconds=one.seconds,
        labels=one.labels,
        accuracy=share_answer(dict(one.report)),
    )


def _anchoring(one: Anchoring) -> AnchoringAnswer:
    return AnchoringAnswer(
        shown=share_answer(one.shown),
        hidden=share_answer(one.hidden),
        difference=one.difference,
        low=one.low,
        high=one.high,
        follows_wrong_shown=share_answer(one.follows_wrong_shown),
        follows_wrong_hidden=share_answer(one.follows_wrong_hidden),
    )


def _options(options: AssistOptions) -> PoolPrelabelsAnswer:
    return PoolPrelabelsAnswer(prelabels=options.prelabels, hidden_share=options.hidden_share)


def _run(one: AutomaticStanding) -> AutomaticAnswer:
    of_run = (
        "key",
        "state",
        "reason",
        "bound",
        "risk",
        "assistant",
        "waiting",
        "threshold",
        "begun",
        "by",
        "ended",
    )
    plain = {name: getattr(one.run, name) for name in of_run}
    return AutomaticAnswer.model_validate(
        plain | {name: getattr(one, name) for name in AutomaticAnswer.model_fields if name not in plain}
    )
