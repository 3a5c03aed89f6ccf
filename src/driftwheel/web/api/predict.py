"""Ask the champion of a model about an image; what it says is logged."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request, UploadFile
from pydantic import AwareDatetime, BaseModel, Field
from starlette.concurrency import run_in_threadpool

from driftwheel.errors import (
    DriftwheelError,
    QueueFullError,
    StorageFullError,
    UnavailableError,
    UnreadableImageError,
)
from driftwheel.services.serve.predict import (
    AnsweredBefore,
    Asked,
    Taken,
    ask_champion,
    find_answer,
    keep_answer,
)
from driftwheel.web.api.bodies import ASKED, AskedBody, Id, parse
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import model_at
from driftwheel.web.api.lines import media_type
from driftwheel.web.api.record_id import new_record_id
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["PredictionAnswer", "predict", "router"]

router = APIRouter(
    route_class=GuardedRoute,
    prefix="/api/v1/models/{name}",
    tags=["predict"],
    dependencies=[permit("ingest")],
)

_MOST_TAGS = 64
_FILE = {"schema": {"type": "string", "format": "binary", "description": "An image file."}}


class PredictionAnswer(BaseModel):
    """What the champion says of an image."""

    id: str = Field(description="Of the record that was logged: tell truth and feedback by it.")
    model: str
    model_version: str = Field(description="The version that answered.")
    label: str = Field(alias="class", description="The class it names.")
    scores: dict[str, float] = Field(
        description="Class → 0…1; the highest `top` of them where that is given."
    )
    seconds: float | None = Field(description="That decoding and the model took.")
    logged: Literal["accepted", "duplicate", "no"] = Field(
        description="`accepted`: kept, on disk. `duplicate`: this image was answered under this id before, "
        "and this is that answer. `no`: it could not be kept; only with `log=try`."
    )
    reason: str | None = Field(None, description="Why it was not kept.")


@router.post(
    "/predict",
    responses=problems(404, 409, 413, 415, 429, 503, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "image/*": _FILE,
                "application/octet-stream": _FILE,
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["image"],
                        "properties": {
                            "image": {"type": "string", "format": "binary"},
                            "record": {"$ref": "#/components/schemas/AskedBody"},
                        },
                    }
                },
            },
        }
    },
)
async def predict(  # noqa: PLR0917
    name: str,
    request: Request,
    state: State,
    id: Annotated[Id | None, Query(description="What the record is called; unique in the model.")] = None,  # noqa: A002
    time_taken: Annotated[
        AwareDatetime | None, Query(alias="time", description="When the image was taken; by default now.")
    ] = None,
    tag: Annotated[
        list[str], Query(max_length=_MOST_TAGS, description="`name=value`; may be given several times.")
    ] = [],  # noqa: B006  FastAPI copies it
    top: Annotated[int | None, Query(ge=1, le=1000, description="Only so many scores, the highest.")] = None,
    log: Annotated[
        Literal["must", "try"],
        Query(description="`must`: no answer that is not kept. `try`: answer also when it cannot be kept."),
    ] = "must",
) -> PredictionAnswer:
    """Ask the champion of a model about an image, and log image and answer as a record.

    The image is the body (`image/jpeg`, `image/png`, … or `application/octet-stream`), or the part `image` of
    `multipart/form-data` with an optional part `record` beside it, a JSON of `id`, `time` and `tags`. The
    answer comes when the record is on disk. Sent again with the same `id`, the same image gets the same
    answer and counts once.
    """
    begun = time.perf_counter()
    received = state.clock()
    result = "unavailable"
    known = False
    try:
        image, body = await _read(request, AskedBody(id=id, time=time_taken, tags=_tags(tag)))
        with state.desk.place():
            served = await run_in_threadpool(state.served.champion, name, received)
            known = True
            asked = _asked(body, image, received)
            taken = None
            if body.id is not None:
                taken = await run_in_threadpool(find_answer, state.engine, served.model.key, asked)
            if taken is None:
                work = partial(ask_champion, served, asked, received=received, limits=state.settings)
                predicted = await asyncio.wrap_future(state.desk.compute(work))
                try:
                    taken = await run_in_threadpool(
                        keep_answer, state.engine, state.ingest, served, asked, predicted, received=received
                    )
                except UnavailableError as error:
                    if log == "must":
                        raise
                    taken = Taken(asked.id, predicted, "no", str(error))
        result = "duplicate" if taken.logged == "duplicate" else "answered"
        state.serving_metrics.took(taken.predicted.seconds, time.perf_counter() - begun)
        return _answer(name, taken, top)
    except DriftwheelError as error:
        result = _result(error)
        if not known and result == "refused":
            await run_in_threadpool(model_at, state.engine, name)  # 404 where there is none
            known = True
        if isinstance(error, AnsweredBefore):
            raise HTTPException(409, str(error)) from None
        if isinstance(error, UnreadableImageError):
            raise HTTPException(422, f"The image cannot be read: {error.reason}.") from None
        raise
    except HTTPException:
        result = "refused"
        raise
    finally:
        if known:
            state.serving_metrics.count(name, result)


async def _read(request: Request, given: AskedBody) -> tuple[bytes, AskedBody]:
    """Return the image, and what is said of it: in the address, or beside it."""
    kind = media_type(request)
    if kind == "multipart/form-data":
        async with request.form(max_files=2, max_fields=2) as form:
            parts = dict(form.multi_items())
            if strange := set(parts) - {"image", "record"}:
                raise HTTPException(
                    422, f"There is a part '{min(strange)[:100]}'; send `image`, and `record` if you like."
                )
            image = parts.get("image")
            if not isinstance(image, UploadFile) and not hasattr(image, "read"):
                raise HTTPException(422, "There is no file `image`; send the image as a file of that name.")
            data: bytes = await image.read()  # type: ignore[union-attr]
            record = parts.get("record")
            if record is not None:
                text = await record.read() if hasattr(record, "read") else str(record).encode()
                given = parse(ASKED, text)
        return _whole(data), given
    if not kind.startswith("image/") and kind != "application/octet-stream":
        raise HTTPException(
            415,
            f"The body is '{kind}'; send the image's file as image/jpeg, image/png …, as "
            "application/octet-stream, or as the part `image` of multipart/form-data.",
        )
    return _whole(await request.body()), given


def _whole(image: bytes) -> bytes:
    if not image:
        raise HTTPException(422, "The image is empty; send its file.")
    return image


def _tags(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise HTTPException(422, f"The tag '{one[:100]}' is none; give name=value, as camera=2.")
        found[name] = value
    return found


def _asked(body: AskedBody, image: bytes, received: datetime) -> Asked:
    try:
        taken = received if body.time is None else body.time.astimezone(UTC)
    except OverflowError:
        raise HTTPException(422, f"The time {body.time} is too early.") from None
    return Asked(body.id if body.id is not None else new_record_id(received), taken, image, body.tags)


def _result(error: DriftwheelError) -> str:
    match error:
        case QueueFullError() | StorageFullError():
            return "busy"
        case UnavailableError():
            return "unavailable"
        case _:
            return "refused"


def _answer(name: str, taken: Taken, top: int | None) -> PredictionAnswer:
    said = taken.predicted.prediction
    scores = dict(said.scores)
    if top is not None:
        scores = dict(sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:top])
    values: dict[str, object] = {
        "id": taken.id,
        "model": name,
        "model_version": taken.predicted.version,
        "class": said.label,
        "scores": scores,
        "seconds": taken.predicted.seconds,
        "logged": taken.logged,
        "reason": taken.reason,
    }
    return PredictionAnswer.model_validate(values)
