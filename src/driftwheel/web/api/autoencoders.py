"""Autoencoders of models: the network that shows how unlike the reference images are."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from driftwheel.services.browse.describe_autoencoders import AutoencoderDescription, describe_autoencoders
from driftwheel.services.models.set_autoencoder import remove_autoencoder, set_autoencoder
from driftwheel.services.models.train_model_autoencoder import AutoencoderWish, ask_for_autoencoder
from driftwheel.store.engine.database import reading
from driftwheel.store.models.autoencoders import StoredAutoencoder
from driftwheel.web.api.describe import file_body, problems
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.api.lines import media_type
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "AutoencoderAnswer",
    "TrainingBody",
    "delete_autoencoder",
    "make_autoencoder",
    "read_autoencoders",
    "router",
    "train_autoencoder",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}/autoencoders", tags=["models"])


class AutoencoderAnswer(BaseModel):
    """A network that learnt to show the reference of a model."""

    key: int
    state: Literal["training", "ready", "failed"]
    reason: str | None = Field(description="Why its training failed.")
    in_use: bool = Field(description="Whether images that come are shown to it.")
    reference: int = Field(description="The key of the reference that it is kept with.")
    earlier_reference: bool = Field(
        description="Whether the model has another reference by now: then it counts in no verdict."
    )
    file: str | None = Field(description="SHA-256 of its ONNX file.")
    trained_on: str | None = Field(description="What the images that it learnt from were called.")
    side: int | None = Field(description="Pixels of the square that images are brought to.")
    colour: bool | None
    latent: int | None = Field(description="Numbers that an image is squeezed through.")
    baseline: float | None = Field(
        description="Mean error of the images held out of its training, in nats a pixel and channel."
    )
    held_out: int | None = Field(description="How many those are.")
    created: datetime
    by: str


class TrainingBody(BaseModel):
    """How an autoencoder is to be trained; see `driftwheel autoencoder`."""

    model_config = ConfigDict(extra="forbid")

    side: int = Field(64, ge=8, le=512, description="Pixels of the square that images are brought to.")
    colour: bool = True
    latent: int = Field(64, ge=1, le=4096, description="Numbers that an image is squeezed through.")
    noise: float = Field(
        0.0, ge=0, le=2, description="Noise it learns to take away: standard deviation, pixels in 0…1."
    )
    flip: bool = Field(False, description="Also learn images mirrored left to right.")


@router.get("", dependencies=[permit("read")], responses=problems(404))
def read_autoencoders(name: str, state: State) -> list[AutoencoderAnswer]:
    """Read the autoencoders of a model, the newest first."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        return [_answer(one) for one in describe_autoencoders(connection, state.blobs, model.key)]


@router.post(
    "",
    status_code=201,
    dependencies=[permit("edit-models")],
    responses=problems(404, 413, 415, 507),
    openapi_extra=file_body("application/octet-stream", "An ONNX file that `driftwheel autoencoder` wrote."),
)
async def make_autoencoder(name: str, request: Request, state: State, caller: Caller) -> AutoencoderAnswer:
    """Let an autoencoder look at a model's images; it should have been trained on the reference in use."""
    await run_in_threadpool(model_at, state.engine, name)
    onnx = await request.body()
    if media_type(request) != "application/octet-stream":
        raise HTTPException(
            415, f"The body is '{media_type(request)}'; send an ONNX file as application/octet-stream."
        )
    return await run_in_threadpool(_set, state, name, onnx, caller.name)


@router.post("/training", status_code=202, dependencies=[permit("edit-models")], responses=problems(404))
def train_autoencoder(name: str, body: TrainingBody, state: State, caller: Caller) -> AutoencoderAnswer:
    """Let a worker train an autoencoder on a model's reference; it is in use once it is ready."""
    model_at(state.engine, name)
    wish = AutoencoderWish(**body.model_dump())
    added = ask_for_autoencoder(state.engine, name, wish, by=caller.name, now=state.clock())
    return _told(state, added)


@router.delete("", status_code=204, dependencies=[permit("edit-models")], responses=problems(404))
def delete_autoencoder(name: str, state: State, caller: Caller) -> None:
    """Let no autoencoder look at a model's images any more."""
    model_at(state.engine, name)
    remove_autoencoder(state.engine, name, by=caller.name, now=state.clock())


def _set(services: Services, name: str, onnx: bytes, by: str) -> AutoencoderAnswer:
    added = set_autoencoder(services.engine, services.blobs, name, onnx, by=by, now=services.clock())
    return _told(services, added)


def _told(services: Services, added: StoredAutoencoder) -> AutoencoderAnswer:
    with reading(services.engine) as connection:
        known = describe_autoencoders(connection, services.blobs, added.model)
    return next(_answer(one) for one in known if one.stored.key == added.key)


def _answer(one: AutoencoderDescription) -> AutoencoderAnswer:
    stored, facts = one.stored, one.facts
    return AutoencoderAnswer(
        key=stored.key,
        state="ready" if stored.state == "removed" else stored.state,
        reason=stored.reason,
        in_use=one.in_use,
        reference=stored.reference,
        earlier_reference=one.is_earlier,
        file=None if stored.artifact is None else stored.artifact.hex(),
        trained_on=None if facts is None else facts.reference,
        side=None if facts is None else facts.shape.side,
        colour=None if facts is None else facts.shape.colour,
        latent=None if facts is None else facts.shape.latent,
        baseline=None if facts is None else facts.baseline,
        held_out=None if facts is None else len(facts.held_out_errors),
        created=stored.created,
        by=stored.by,
    )
