"""Driftwheel as a machine-learning backend of Label Studio.

The address to give there is that of a pool, or of a model, with ``/label-studio`` after it. Label Studio
calls with a user name and password: any name, and a token as the password.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from driftwheel.formats.label_studio_ml import (
    health_answer,
    read_predict_request,
    read_setup_request,
    read_webhook,
    setup_answer,
    webhook_answer,
)
from driftwheel.formats.losses import Losses
from driftwheel.services.access.authorise import Identity
from driftwheel.services.exchange.label_studio_backend import (
    ALLOWED,
    model_version_of,
    predict_for_model,
    predict_for_pool,
    take_annotation,
    take_truth,
    version_of,
)
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.api.projects import ProjectKey, found_or_404, project_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "model_health",
    "model_predict",
    "model_setup",
    "model_webhook",
    "pool_health",
    "pool_predict",
    "pool_setup",
    "pool_webhook",
    "router",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["labelling"])

_POOL = "/projects/{project}/pools/{pool}/label-studio"
_MODEL = "/models/{name}/label-studio"
_Pool = Annotated[int, Path(ge=1, lt=2**31)]
_Told = Annotated[dict[str, Any], Body(description="As Label Studio sends it.")]
_READ = [permit("read", all_models=True)]
_EDIT = [permit("edit-models", all_models=True)]


@router.get(f"{_POOL}/health", dependencies=_READ, responses=problems(404))
def pool_health(project: ProjectKey, pool: _Pool, state: State, caller: Caller) -> dict[str, Any]:
    """Tell Label Studio that a project's assistant is there."""
    found, _ = _pool_at(state, caller, project, pool)
    return health_answer(found.name)


@router.post(f"{_POOL}/setup", dependencies=_READ, responses=problems(404))
def pool_setup(project: ProjectKey, pool: _Pool, body: _Told, state: State, caller: Caller) -> dict[str, Any]:
    """Tell Label Studio, when it is connected, which assistant answers."""
    found, _ = _pool_at(state, caller, project, pool)
    read_setup_request(body)
    with reading(state.engine) as connection:
        return setup_answer(version_of(connection, found))


@router.post(f"{_POOL}/predict", dependencies=_READ, responses=problems(404, 413))
def pool_predict(
    project: ProjectKey, pool: _Pool, body: _Told, state: State, caller: Caller
) -> dict[str, Any]:
    """Pre-label tasks of Label Studio by a project's assistant; images are those of records that are here."""
    found, whole = _pool_at(state, caller, project, pool)
    request = read_predict_request(body)
    with reading(state.engine) as connection:
        return predict_for_pool(connection, found, whole, request).body


@router.post(f"{_POOL}/webhook", status_code=201, dependencies=_EDIT, responses=problems(404, 413))
def pool_webhook(
    project: ProjectKey, pool: _Pool, body: _Told, state: State, caller: Caller
) -> dict[str, Any]:
    """Keep an annotation of Label Studio as a label of a pool, or have the assistant trained."""
    found, whole = _pool_at(state, caller, project, pool)
    told = read_webhook(body, Losses(ALLOWED))
    count = take_annotation(state.engine, found, whole, told, by=caller.name, now=state.clock())
    why = next(iter(count.why), None)
    return webhook_answer() | {"result": {"taken": count.taken, "why_not": why}}


@router.get(f"{_MODEL}/health", dependencies=[permit("read")], responses=problems(404))
def model_health(name: str, state: State) -> dict[str, Any]:
    """Tell Label Studio that a model's predictions are there."""
    model_at(state.engine, name)
    return health_answer(name)


@router.post(f"{_MODEL}/setup", dependencies=[permit("read")], responses=problems(404))
def model_setup(name: str, body: _Told, state: State) -> dict[str, Any]:
    """Tell Label Studio, when it is connected, which model answers."""
    read_setup_request(body)
    with reading(state.engine) as connection:
        return setup_answer(model_version_of(known_model(connection, name)))


@router.post(f"{_MODEL}/predict", dependencies=[permit("read")], responses=problems(404, 413))
def model_predict(name: str, body: _Told, state: State) -> dict[str, Any]:
    """Pre-label tasks of Label Studio by what a model has logged of these images."""
    request = read_predict_request(body)
    with reading(state.engine) as connection:
        return predict_for_model(connection, known_model(connection, name), request).body


@router.post(
    f"{_MODEL}/webhook", status_code=201, dependencies=[permit("ingest")], responses=problems(404, 413)
)
def model_webhook(name: str, body: _Told, state: State, caller: Caller) -> dict[str, Any]:
    """Keep an annotation of Label Studio as the truth of its record."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
    told = read_webhook(body, Losses(ALLOWED))
    taken = take_truth(state.engine, model, told, by=caller.name, now=state.clock(), limits=state.settings)
    return webhook_answer() | {"result": {"taken": int(taken)}}


def _pool_at(state: Services, caller: Identity, project: int, pool: int) -> tuple[Project, Pool]:
    project_at(state, caller, project)
    with reading(state.engine) as connection, found_or_404():
        return pool_of_project(connection, project, pool)
