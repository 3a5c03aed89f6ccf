"""Models, and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from driftwheel.predictions import Task
from driftwheel.services.models.register_model import (
    ModelChange,
    NewModel,
    add_model_version,
    change_model,
    register_model,
)
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, ModelVersion, list_models, list_versions
from driftwheel.store.models.version_states import VersionState
from driftwheel.web.api.describe import file_body, problems
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.api.lines import media_type
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "ModelAnswer",
    "ModelChangeBody",
    "NewModelBody",
    "VersionAnswer",
    "edit_model",
    "make_model",
    "make_version",
    "read_model",
    "read_models",
    "read_versions",
    "router",
    "version_answer",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models", tags=["models"])

EmbedderName = Literal["auto", "gist", "efficientnet-lite0", "none"]
"""A file's path is taken on the command line only: nobody reads files of the server by a request."""

_FORBID = ConfigDict(extra="forbid")
_Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
_Classes = Annotated[list[_Name], Field(max_length=5000)]
_Tags = Annotated[list[_Name], Field(max_length=64)]
_Days = Annotated[int, Field(ge=1, le=36_500)]
_Share = Annotated[float, Field(ge=0, le=1)]


class ModelAnswer(BaseModel):
    """A model that is watched."""

    name: str
    task: Task
    classes: list[str]
    window: str = Field(description="What one profile sums up.")
    segment_tags: list[str] = Field(description="Tags whose values have profiles of their own.")
    embedder: str
    retention_days: int | None = Field(description="For how long records are kept; null: for ever.")
    keep_images: float = Field(description="Share of images that is kept once they are measured, 0…1.")
    created: datetime


class NewModelBody(BaseModel):
    """A model to be watched."""

    model_config = _FORBID

    name: str = Field(
        max_length=128, description="Letters, digits, dots, dashes, underscores.", examples=["cats"]
    )
    task: Task
    classes: _Classes = []
    window: Literal["hour", "day", "week"] = Field("day", description="It cannot be changed later.")
    segment_tags: _Tags = []
    embedder: EmbedderName = "auto"
    retention_days: _Days | None = None
    keep_images: _Share = 1.0


class ModelChangeBody(BaseModel):
    """What is to change of a model; what is left out stays."""

    model_config = _FORBID

    classes: _Classes | None = None
    segment_tags: _Tags | None = None
    embedder: EmbedderName | None = None
    retention_days: _Days | None = Field(None, description="null: for ever.")
    keep_images: _Share | None = None


class VersionAnswer(BaseModel):
    """A version of a model."""

    name: str
    artifact: str | None = Field(description="SHA-256 of its ONNX file.")
    created: datetime
    state: VersionState = Field(description="How far it has come: trained … champion, retired.")
    metrics: dict[str, Any] | None = Field(description="As its training measured them.")
    dataset: str | None = Field(description="SHA-256 of the dataset version it was trained on.")
    size: int | None = Field(description="Bytes of its file.")
    latency: float | None = Field(description="Median seconds for one image, as the gate measured them.")


@router.get("", dependencies=[permit("read", all_models=True)])
def read_models(state: State, caller: Caller) -> list[ModelAnswer]:
    """Read all models, by name; a token for some models reads those."""
    with reading(state.engine) as connection:
        models = list_models(connection)
    return [_answer(one) for one in models if caller.models is None or one.name in caller.models]


@router.post("", status_code=201, dependencies=[permit("edit-models")], responses=problems(409))
def make_model(body: NewModelBody, state: State, caller: Caller) -> ModelAnswer:
    """Register a model; then it can be logged to."""
    with reading(state.engine) as connection:
        if any(one.name == body.name for one in list_models(connection)):
            raise HTTPException(409, f"There is already a model '{body.name}'.")
    new = NewModel(**body.model_dump())
    return _answer(register_model(state.engine, new, by=caller.name, now=state.clock()))


@router.get("/{name}", dependencies=[permit("read")], responses=problems(404))
def read_model(name: str, state: State) -> ModelAnswer:
    """Read one model."""
    with reading(state.engine) as connection:
        return _answer(known_model(connection, name))


@router.patch("/{name}", dependencies=[permit("edit-models")], responses=problems(404))
def edit_model(name: str, body: ModelChangeBody, state: State, caller: Caller) -> ModelAnswer:
    """Change a model."""
    model_at(state.engine, name)
    given = body.model_dump(exclude_unset=True)
    for_ever = "retention_days" in given and given["retention_days"] is None
    change = ModelChange(**given, keep_for_ever=for_ever)
    return _answer(change_model(state.engine, name, change, by=caller.name, now=state.clock()))


@router.get("/{name}/versions", dependencies=[permit("read")], responses=problems(404))
def read_versions(name: str, state: State) -> list[VersionAnswer]:
    """Read the versions of a model, the newest first."""
    with reading(state.engine) as connection:
        return [version_answer(one) for one in list_versions(connection, known_model(connection, name).key)]


@router.post(
    "/{name}/versions",
    status_code=201,
    dependencies=[permit("edit-models")],
    responses=problems(404, 409, 413, 415, 507),
    openapi_extra=file_body("application/octet-stream", "An ONNX file; an empty body where there is none."),
)
async def make_version(
    name: str,
    request: Request,
    state: State,
    caller: Caller,
    version: Annotated[str, Query(min_length=1, max_length=128, description="What it is called.")],
) -> VersionAnswer:
    """Add a version to a model, with its ONNX file where there is one; the first becomes the champion.

    The file is kept as it is. Workers ask it for scores where the reference has none that were logged.
    """
    await run_in_threadpool(_must_be_new, state, name, version)
    onnx = await request.body()
    if onnx and media_type(request) != "application/octet-stream":
        raise HTTPException(
            415, f"The body is '{media_type(request)}'; send an ONNX file as application/octet-stream."
        )
    added = await run_in_threadpool(
        add_model_version,
        state.engine,
        state.blobs,
        name,
        version,
        onnx=onnx or None,
        by=caller.name,
        now=state.clock(),
    )
    return version_answer(added)


def _must_be_new(services: Services, name: str, version: str) -> None:
    with reading(services.engine) as connection:
        known = list_versions(connection, known_model(connection, name).key)
    if any(one.name == version for one in known):
        raise HTTPException(409, f"The model '{name}' already has a version '{version}'.")


def _answer(model: Model) -> ModelAnswer:
    return ModelAnswer.model_validate(model, from_attributes=True)


def version_answer(version: ModelVersion) -> VersionAnswer:
    """Return a version for the API."""
    return VersionAnswer(
        name=version.name,
        artifact=None if version.artifact is None else version.artifact.hex(),
        created=version.created,
        state=version.state,
        metrics=None if version.metrics is None else dict(version.metrics),
        dataset=None if version.dataset is None else version.dataset.hex(),
        size=version.size,
        latency=version.latency,
    )
