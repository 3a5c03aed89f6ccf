"""Tell what is true, and what users say: joined with records by their ids, and it may come before them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from driftwheel.services.ingest.ingest_profile import ingest_profile
from driftwheel.services.ingest.ingest_values import Result
from driftwheel.services.ingest.record_feedback import record_feedback
from driftwheel.services.ingest.record_truth import NewTruth, record_truths
from driftwheel.web.api.bodies import FEEDBACK, TRUTH, TruthBody, to_feedback, to_prediction
from driftwheel.web.api.describe import INGEST_PROBLEMS, file_body, one_or_lines
from driftwheel.web.api.known_model import model_at
from driftwheel.web.api.lines import media_type, read_lines
from driftwheel.web.api.results import BatchAnswer, Mistaken, ResultBody, answer_many, answer_one, in_order
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["log_feedback", "log_profile", "log_truths", "router"]

router = APIRouter(
    route_class=GuardedRoute, prefix="/api/v1/models/{name}", tags=["log"], dependencies=[permit("ingest")]
)

_Body = TypeVar("_Body")
_Told = TypeVar("_Told")


@router.post(
    "/truths",
    status_code=202,
    responses={202: {"model": ResultBody | BatchAnswer}, **INGEST_PROBLEMS},
    openapi_extra=one_or_lines("TruthBody"),
)
async def log_truths(name: str, request: Request, state: State, caller: Caller) -> Response:
    """Tell the right answer of one record (`application/json`) or of many (`application/x-ndjson`).

    One record has one truth; the last that is told counts.
    """
    keep = partial(
        record_truths, state.engine, name, by=caller.name, received=state.clock(), limits=state.settings
    )
    return await _log(name, request, state, adapter=TRUTH, convert=_to_truth, keep=keep)


@router.post(
    "/feedback",
    status_code=202,
    responses={202: {"model": ResultBody | BatchAnswer}, **INGEST_PROBLEMS},
    openapi_extra=one_or_lines("FeedbackBody"),
)
async def log_feedback(name: str, request: Request, state: State, caller: Caller) -> Response:
    """Tell what a user says of one prediction (`application/json`) or of many (`application/x-ndjson`)."""
    keep = partial(
        record_feedback, state.engine, name, by=caller.name, received=state.clock(), limits=state.settings
    )
    return await _log(name, request, state, adapter=FEEDBACK, convert=to_feedback, keep=keep)


@router.post(
    "/profiles",
    status_code=202,
    responses={202: {"model": ResultBody}, **INGEST_PROBLEMS},
    openapi_extra=file_body("application/octet-stream", "A profile file (`.dwp`) of `driftwheel profile`."),
)
async def log_profile(name: str, request: Request, state: State) -> Response:
    """Tell a profile of images that stay where they were taken; the same file again counts once."""
    if media_type(request) != "application/octet-stream":
        raise HTTPException(
            415, f"The body is '{media_type(request)}'; send a .dwp file as application/octet-stream."
        )
    received = state.clock()
    await run_in_threadpool(model_at, state.engine, name)
    result = await run_in_threadpool(
        ingest_profile,
        state.engine,
        name,
        await request.body(),
        received=received,
        limits=state.settings,
    )
    return answer_one(result)


async def _log(
    name: str,
    request: Request,
    state: Services,
    *,
    adapter: TypeAdapter[_Body],
    convert: Callable[[_Body], _Told],
    keep: Callable[[list[_Told]], list[Result]],
) -> Response:
    """Read what is told, `keep` what could be read, and answer with a result for each."""
    await run_in_threadpool(model_at, state.engine, name)
    read = await read_lines(request, adapter, convert, most=state.settings.max_batch_records)
    told = [one for one in read.values if not isinstance(one, Mistaken)]
    ordered = in_order(read.values, await run_in_threadpool(keep, told))
    return answer_one(ordered[0]) if read.single else answer_many(ordered)


def _to_truth(body: TruthBody) -> NewTruth:
    return NewTruth(body.record, to_prediction(body.truth))
