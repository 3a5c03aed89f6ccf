"""Verdicts: what each window of a model amounts to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import AwareDatetime, BaseModel, Field

from driftwheel.store.engine.database import reading
from driftwheel.store.windows.verdicts import Answer, StoredVerdict, find_verdict, list_verdicts
from driftwheel.store.windows.windows import find_window
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model
from driftwheel.web.api.window_lists import MOST_WINDOWS, NEWEST
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["VerdictAnswer", "WholeVerdictAnswer", "read_verdict", "read_verdicts", "router"]

router = APIRouter(prefix="/api/v1/models/{name}/verdicts", tags=["verdicts"], route_class=GuardedRoute)


class VerdictAnswer(BaseModel):
    """The verdict on one window of one segment."""

    start: datetime
    end: datetime
    tag: str = Field(description="Empty for the whole model.")
    value: str
    answer: Answer
    kind: str | None = Field(description="Of the change: content, appearance, mixed, unreadable or unknown.")
    p_value: float | None
    alpha: float | None = Field(description="The p-value below which it may alarm.")
    n: int = Field(description="Images judged.")
    headline: str
    reference: int | None = Field(description="The key of what it was held against.")
    exemplars: list[str] = Field(description="Ids of the records that show the change best, the best first.")
    made: datetime


class WholeVerdictAnswer(VerdictAnswer):
    """One verdict with all that it rests on."""

    current: bool = Field(description="False where records or answers have come since: it is made anew.")
    document: dict[str, Any] | None = Field(description="As `driftwheel check --json` writes it.")
    observations: dict[str, Any] = Field(description="What monitors look at: by signal.")


@router.get("", dependencies=[permit("read")], responses=problems(404))
def read_verdicts(  # noqa: PLR0917 - the parameters of the query
    name: str,
    state: State,
    since: Annotated[AwareDatetime | None, Query(description="Of windows that end after this time.")] = None,
    until: Annotated[
        AwareDatetime | None, Query(description="Of windows that start before this time.")
    ] = None,
    tag: Annotated[str, Query(max_length=128, description="Of the segments by this tag.")] = "",
    value: Annotated[str | None, Query(max_length=256, description="Of this segment.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_WINDOWS, description=NEWEST)] = 100,
) -> list[VerdictAnswer]:
    """Read the verdicts on a model, or on its segments by one tag, the oldest first."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        found = list_verdicts(
            connection, model.key, since=since, until=until, tag=tag, value=value, newest=limit
        )
    return [VerdictAnswer.model_validate(one, from_attributes=True) for one in found]


@router.get("/{start}", dependencies=[permit("read")], responses=problems(404))
def read_verdict(
    name: str,
    start: AwareDatetime,
    state: State,
    tag: Annotated[str, Query(max_length=128, description="Of the segment by this tag.")] = "",
    value: Annotated[str, Query(max_length=256)] = "",
) -> WholeVerdictAnswer:
    """Read the verdict on the window that starts at a time, with all that it rests on."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        found = find_verdict(connection, model.key, start, tag=tag, value=value)
        window = find_window(connection, model.key, start, tag=tag, value=value)
    if found is None:
        raise HTTPException(404, "There is no verdict on this window yet.")
    current = window is not None and not window.stale and window.judged == window.revision
    return _whole(found, current=current)


def _whole(found: StoredVerdict, *, current: bool) -> WholeVerdictAnswer:
    told = VerdictAnswer.model_validate(found, from_attributes=True).model_dump()
    return WholeVerdictAnswer(
        **told,
        current=current,
        document=None if found.document is None else dict(found.document),
        observations=dict(found.observations),
    )
