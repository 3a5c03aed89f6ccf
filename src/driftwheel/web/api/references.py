"""References of models, and the windows that are compared with them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.services.models.set_reference import Range, Trailing, set_reference
from driftwheel.store.engine.database import reading
from driftwheel.store.models.references import Reference, list_references
from driftwheel.store.windows.windows import find_window, list_windows
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model
from driftwheel.web.api.window_lists import MOST_WINDOWS, NEWEST
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = [
    "RangeBody",
    "ReferenceAnswer",
    "TrailingBody",
    "WindowAnswer",
    "make_reference",
    "read_references",
    "read_window_profile",
    "read_windows",
    "router",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}", tags=["models"])


class RangeBody(BaseModel):
    """The model's own records of a past time: since ≤ time < until."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["range"]
    since: AwareDatetime
    until: AwareDatetime


class TrailingBody(BaseModel):
    """The model's own records of so many days before the present window, taken anew every day."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["trailing"]
    days: int = Field(ge=1, le=3650)


class ReferenceAnswer(BaseModel):
    """What a model's images are compared with."""

    key: int
    kind: str
    source: dict[str, Any]
    state: Literal["measuring", "ready", "failed"]
    reason: str | None = Field(
        description="Why it failed; of one that is ready, what is to be known of its embeddings."
    )
    faults: bool = Field(
        description="Whether known camera faults were simulated on it, so that causes can be told."
    )
    created: datetime
    by: str


class WindowAnswer(BaseModel):
    """One window of one segment."""

    start: datetime
    end: datetime
    tag: str = Field(description="Empty for the whole model.")
    value: str
    records: int = Field(description="In its profile.")
    rejected: int = Field(description="Images that could not be read.")
    stale: bool = Field(description="Records have come since its profile was made.")
    made: datetime | None


@router.get("/references", dependencies=[permit("read")], responses=problems(404))
def read_references(name: str, state: State) -> list[ReferenceAnswer]:
    """Read the references of a model, the newest first; the newest that is ready is in use."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        return [_answer(one) for one in list_references(connection, model.key)]


@router.post("/references", status_code=202, dependencies=[permit("edit-models")], responses=problems(404))
def make_reference(
    name: str,
    body: Annotated[RangeBody | TrailingBody, Field(discriminator="kind")],
    state: State,
    caller: Caller,
) -> ReferenceAnswer:
    """Set the reference of a model; a worker measures it, and until then the last one stays in use.

    A folder is set where it lies: `driftwheel reference`.
    """
    with reading(state.engine) as connection:
        known_model(connection, name)
    source = Range(body.since, body.until) if isinstance(body, RangeBody) else Trailing(body.days)
    return _answer(set_reference(state.engine, name, source, by=caller.name, now=state.clock()))


@router.get("/windows", dependencies=[permit("read")], responses=problems(404))
def read_windows(  # noqa: PLR0917 - the parameters of the query
    name: str,
    state: State,
    since: Annotated[AwareDatetime | None, Query(description="Those that end after this time.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Those that start before this time.")] = None,
    tag: Annotated[str, Query(max_length=128, description="Of the segments by this tag.")] = "",
    value: Annotated[str | None, Query(max_length=256, description="Of this segment.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_WINDOWS, description=NEWEST)] = MOST_WINDOWS,
) -> list[WindowAnswer]:
    """Read the windows of a model, or of its segments by one tag, the oldest first."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        found = list_windows(
            connection, model.key, since=since, until=until, tag=tag, value=value, newest=limit
        )
    return [WindowAnswer.model_validate(one, from_attributes=True) for one in found]


@router.get(
    "/windows/profile",
    dependencies=[permit("read")],
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **problems(404)},
)
def read_window_profile(
    name: str,
    state: State,
    start: Annotated[AwareDatetime, Query(description="Of the window.")],
    tag: Annotated[str, Query(max_length=128)] = "",
    value: Annotated[str, Query(max_length=256)] = "",
) -> Response:
    """Read the profile of one window, a `.dwp` file for `driftwheel compare`."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        window = find_window(connection, model.key, start, tag=tag, value=value)
    if window is None or window.profile is None:
        raise HTTPException(404, "There is no profile of this window yet.")
    return Response(window.profile, media_type="application/octet-stream")


def _answer(reference: Reference) -> ReferenceAnswer:
    return ReferenceAnswer(
        key=reference.key,
        kind=reference.kind,
        source=dict(reference.source),
        state=reference.state,
        reason=reference.reason,
        faults=reference.faults is not None,
        created=reference.created,
        by=reference.by,
    )
