"""Log records: singly, many at once, or with their images."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from driftwheel.errors import UsageError
from driftwheel.predictions import Record
from driftwheel.services.ingest.ingest_records import Incoming
from driftwheel.services.ingest.ingest_values import Result
from driftwheel.web.api.bodies import RECORD, RecordBody, parse, to_record
from driftwheel.web.api.describe import INGEST_PROBLEMS, multipart_body, one_or_lines
from driftwheel.web.api.known_model import model_at
from driftwheel.web.api.lines import media_type, read_lines
from driftwheel.web.api.record_id import new_record_id
from driftwheel.web.api.results import (
    BatchAnswer,
    Mistaken,
    ResultBody,
    Told,
    answer_many,
    answer_one,
    in_order,
)
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State, services_of

__all__ = ["log_images", "log_records", "router"]

router = APIRouter(
    route_class=GuardedRoute, prefix="/api/v1/models/{name}", tags=["log"], dependencies=[permit("ingest")]
)


@router.post(
    "/records",
    status_code=202,
    responses={202: {"model": ResultBody | BatchAnswer}, **INGEST_PROBLEMS},
    openapi_extra=one_or_lines("RecordBody"),
)
async def log_records(name: str, request: Request) -> Response:
    """Log one record (`application/json`), or one on each line (`application/x-ndjson`).

    The answer comes when they are kept: on disk, whatever happens next. Lines have a result each, and what is
    wrong with one does not touch the others.
    """
    state = await services_of(request)  # a parameter would cost as much as reading the body
    received = state.clock()
    new_id = partial(new_record_id, received)

    def convert(body: RecordBody) -> Record:
        return to_record(body, name, new_id=new_id, received=received)

    read = await read_lines(request, RECORD, convert, most=state.settings.max_batch_records)
    incoming = [Incoming(one) for one in read.values if isinstance(one, Record)]
    results: list[Result] = []
    if incoming:
        results = await asyncio.wrap_future(state.ingest.submit(incoming, received=received))
    return await _answer(state, name, in_order(read.values, results), single=read.single)


@router.post(
    "/records/images",
    status_code=202,
    responses={202: {"model": BatchAnswer}, **INGEST_PROBLEMS},
    openapi_extra=multipart_body("RecordBody"),
)
async def log_images(name: str, request: Request, state: State) -> Response:
    """Log records with their images (`multipart/form-data`).

    Each part named `record` is a record's JSON; the part named `image` that follows it is its image file:
    JPEG, PNG, WebP, BMP, TIFF or GIF. A record without an image after it has none.
    """
    received = state.clock()
    new_id = partial(new_record_id, received)
    parts = await _read_parts(request, state)
    values: list[Record | Mistaken] = []
    incoming: list[Incoming] = []
    for text, image in parts:
        try:
            body = parse(RECORD, text)
            record = to_record(body, name, new_id=new_id, received=received)
        except UsageError as error:
            values.append(Mistaken(str(error)))
            continue
        values.append(record)
        incoming.append(Incoming(record, image))
    results: Sequence[Result] = ()
    if incoming:
        results = await run_in_threadpool(state.ingest.ingest, incoming, received=received)
    return await _answer(state, name, in_order(values, results), single=False)


async def _read_parts(request: Request, state: Services) -> list[tuple[bytes, bytes | None]]:
    """Return each record's JSON, with the image that follows it."""
    if media_type(request) != "multipart/form-data":
        raise HTTPException(
            415, f"The body is '{media_type(request)}'; send multipart/form-data with `record` and `image`."
        )
    most = state.settings.max_batch_records
    parts: list[tuple[bytes, bytes | None]] = []
    async with request.form(max_files=2 * most, max_fields=2 * most) as form:
        for part, value in form.multi_items():
            data = await value.read() if isinstance(value, UploadFile) else value.encode()
            if part == "record":
                parts.append((data, None))
            elif part != "image":
                raise HTTPException(422, f"There is a part '{part[:100]}'; send parts `record` and `image`.")
            elif not parts or parts[-1][1] is not None:
                raise HTTPException(422, "An `image` has no `record` before it; send the record first.")
            else:
                parts[-1] = parts[-1][0], data
    if not parts:
        raise HTTPException(422, "There is no part `record`; send each record, then its image.")
    if len(parts) > most:
        raise HTTPException(413, f"{len(parts):,} records were sent; send at most {most:,} at once.")
    return parts


async def _answer(state: Services, name: str, results: Sequence[Told], *, single: bool) -> Response:
    if all(one.outcome == "rejected" for one in results):
        await run_in_threadpool(model_at, state.engine, name)
    state.ingest_metrics.count(name, (one.outcome for one in results))
    return answer_one(results[0]) if single else answer_many(results)
