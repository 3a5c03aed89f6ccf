"""The assistant of a project as a pool shows it: how good it is, its pre-labels, and labelling the rest."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.assist.begin_automatic import begin_automatic
from driftwheel.services.assist.set_assist import (
    ask_for_training,
    change_pool_prelabels,
    enable_assistant,
)
from driftwheel.services.assist.undo_automatic import undo_automatic
from driftwheel.store.engine.database import reading
from driftwheel.web.pages.label.known_project import Key, known_pool, known_project
from driftwheel.web.pages.label.pool import show_pool
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.post("/labels/{project}/pools/{pool}/prelabels", dependencies=[permit("edit-models")])
def _change(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    pool: Key,
    prelabels: Annotated[str, Form()] = "",
    act: Annotated[str, Form()] = "",
) -> Response:
    """Say what pre-labels the pool shows, or have the assistant trained, on or off."""
    now = state.clock()

    def change() -> None:
        if act == "train":
            ask_for_training(state.engine, project, by=caller.name, now=now)
        elif act in {"on", "off"}:
            enable_assistant(state.engine, project, enabled=act == "on", by=caller.name, now=now)
        else:
            change_pool_prelabels(state.engine, project, pool, prelabels=prelabels, by=caller.name, now=now)

    return _act(request, state, project, pool, change, "training" if act == "train" else "assist")


@router.post("/labels/{project}/pools/{pool}/automatic", dependencies=[permit("edit-models")])
def _label_the_rest(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    pool: Key,
    bound: Annotated[str, Form()] = "2",
) -> Response:
    """Have the rest labelled automatically, within a bound."""

    def begin() -> None:
        try:
            share = float(bound) / 100
        except ValueError:
            raise UsageError(
                f"'{bound:.20}' is no share of wrong labels; give one in %, such as 2."
            ) from None
        begin_automatic(
            state.engine,
            project,
            pool,
            bound=share,
            by=caller.name,
            now=state.clock(),
            rng=np.random.default_rng(secrets.randbits(128)),
        )

    return _act(request, state, project, pool, begin, "automatic")


@router.post("/labels/{project}/pools/{pool}/automatic/{run}/undo", dependencies=[permit("edit-models")])
def _undo(  # noqa: PLR0917
    request: Request, state: State, caller: Caller, project: Key, pool: Key, run: Key
) -> Response:
    """Give what a run accepted back to people."""

    def undo() -> None:
        undo_automatic(state.engine, project, pool, run, by=caller.name, now=state.clock())

    return _act(request, state, project, pool, undo, "given_back")


def _act(  # noqa: PLR0917
    request: Request, state: Services, project: int, pool: int, act: Callable[[], None], told: str
) -> Response:
    with reading(state.engine) as connection:
        known_project(connection, project)
        known_pool(connection, project, pool)
    try:
        act()
    except (UsageError, LookupError) as error:
        return show_pool(request, state, project, pool, wrong=str(error))
    return RedirectResponse(f"/labels/{project}/pools/{pool}?told={told}#assistant", 303)
