"""Read records back: a page of them, or one with all that is known of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import AwareDatetime

from driftwheel.errors import UsageError
from driftwheel.services.browse.list_images import LOOKED_AT, by_error
from driftwheel.store.engine.database import reading
from driftwheel.store.records.feedback import feedback_of
from driftwheel.store.records.record_pages import Cursor, Order, RecordFilter, page_records
from driftwheel.store.records.records import find_record
from driftwheel.store.records.truths import find_truth
from driftwheel.store.schema.record_state import RecordState
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model
from driftwheel.web.api.record_answer import (
    RecordPage,
    StateName,
    WholeRecordAnswer,
    record_answer,
    whole_answer,
)
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["list_records", "read_record", "router"]

router = APIRouter(
    route_class=GuardedRoute, prefix="/api/v1/models/{name}", tags=["records"], dependencies=[permit("read")]
)

_PLACE = r"^-?[0-9][0-9.e+-]{0,31}\.[0-9]{1,18}$"
_Tag = Annotated[str, Query(max_length=400)]


@router.get("/records", responses=problems(404))
def list_records(  # noqa: PLR0917 - the parameters of the query
    name: str,
    state: State,
    since: Annotated[AwareDatetime | None, Query(description="Taken at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Taken before this time.")] = None,
    tag: Annotated[
        list[_Tag], Query(max_length=20, description="`camera=2`; may be given several times: all must fit.")
    ] = [],  # noqa: B006 - the framework copies it
    predicted: Annotated[
        str | None, Query(max_length=256, description="The class, or that of a box.")
    ] = None,
    model_version: Annotated[str | None, Query(max_length=128)] = None,
    image_state: Annotated[StateName | None, Query(description="How far the work on the image is.")] = None,
    outlier_p_at_most: Annotated[float | None, Query(ge=0, le=1)] = None,
    order: Order = "newest",
    after: Annotated[str | None, Query(pattern=_PLACE, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> RecordPage:
    """Read a page of a model's records; records that come in meanwhile move none to another page.

    Where few records fit, a page may be short or empty and still have a `next`: go on until there is none.
    """
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        chosen = RecordFilter(
            model.key,
            since=since,
            until=until,
            tags=dict(map(_split, tag)),
            predicted=predicted,
            model_version=model_version,
            state=None if image_state is None else RecordState[image_state.upper()],
            outlier_p_at_most=outlier_p_at_most,
        )
        if order == "reconstruction":
            chosen = by_error(connection, chosen, model)
        cursor = None if after is None else Cursor.from_text(after)
        page = page_records(connection, chosen, order=order, after=cursor, limit=limit, look_at=LOOKED_AT)
    return RecordPage(
        records=[record_answer(row) for row in page.rows],
        next=None if page.next is None else page.next.to_text(),
    )


@router.get("/records/{record:path}", responses=problems(404))
def read_record(name: str, record: Annotated[str, Path(max_length=128)], state: State) -> WholeRecordAnswer:
    """Read one record by its id, with its image's properties, its truth and what was said of it."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        found = find_record(connection, model.key, record)
        if found is None:
            raise HTTPException(404, f"The model '{name}' has no record '{record}'.")
        truth = find_truth(connection, model.key, record)
        return whole_answer(found, truth, feedback_of(connection, model.key, record))


def _split(tag: str) -> tuple[str, str]:
    name, separator, value = tag.partition("=")
    if not separator or not name:
        raise UsageError(f"'{tag}' is no tag; write it as name=value, for example camera=2.")
    return name, value
