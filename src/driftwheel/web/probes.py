"""`/livez` and `/readyz`: for whatever starts, restarts and balances servers."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from sqlalchemy.exc import SQLAlchemyError

from driftwheel.errors import DriftwheelError
from driftwheel.store.engine.migrate import is_current
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["livez", "readyz", "router"]

router = APIRouter(route_class=GuardedRoute, tags=["probes"], dependencies=[permit("public")])


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Say that the process answers; touches nothing."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(state: State) -> dict[str, str]:
    """Say whether records can be taken: the database answers, its tables are current, the disk has room."""
    try:
        current = is_current(state.engine)
        state.blobs.check_room(0)
    except DriftwheelError as error:
        raise HTTPException(503, f"Not ready: {type(error).__name__}. The server's log says more.") from error
    except SQLAlchemyError as error:
        raise HTTPException(503, "Not ready: the database does not answer.") from error
    if not current:
        raise HTTPException(503, "Not ready: the tables are of another release.")
    return {"status": "ok", "database": "ok", "tables": "ok", "disk": "ok"}
