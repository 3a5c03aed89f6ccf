"""The rules of a pool: what a person looks at, and what of annotators is looked at."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.change_pool import change_pool
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.store.engine.database import reading
from driftwheel.web.pages.label.known_project import Key, known_pool, known_project
from driftwheel.web.pages.label.pool import show_pool
from driftwheel.web.pages.label.rule_fields import NUMBERS, SWITCHES
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_LARGEST = 1e15  # that a field may hold


class _Fields(BaseModel):
    """The form, as it was typed; rules that are switched off are not sent."""

    review_share: str = ""
    review_below: str = ""
    fast_seconds: str = ""
    skips_in_row: str = ""
    challenge_every: str = ""
    pause_minutes: str = ""
    on: list[str] = []


@router.post("/labels/{project}/pools/{pool}/rules", dependencies=[permit("edit-models")])
def _change(  # noqa: PLR0917
    request: Request, state: State, caller: Caller, project: Key, pool: Key, given: Annotated[_Fields, Form()]
) -> Response:
    """Change the rules."""
    with reading(state.engine) as connection:
        known_project(connection, project)
        known_pool(connection, project, pool)
    try:
        rules = _read(given)
        change_pool(state.engine, project, pool, rules, by=caller.name, now=state.clock())
    except UsageError as error:
        return show_pool(request, state, project, pool, wrong=str(error))
    return RedirectResponse(f"/labels/{project}/pools/{pool}?told=rules", 303)


def _read(given: _Fields) -> dict[str, Any]:
    kinds = {one.name: type(one.default) for one in fields(PoolRules)}
    rules: dict[str, Any] = {name: name in given.on for name, _ in SWITCHES}
    for name, words, scale in NUMBERS:
        text = str(getattr(given, name)).strip()
        try:
            value = float(text.replace(",", ".")) / scale
        except ValueError:
            value = math.nan
        if not abs(value) < _LARGEST:
            raise UsageError(f"'{text:.20}' is no number for: {words}.")
        if kinds[name] is int:
            if value != int(value):
                raise UsageError(f"'{text:.20}' is no whole number for: {words}.")
            value = int(value)
        rules[name] = value
    return rules
