"""A gate run: what was compared, with its numbers and intervals, what was decided, and what one can do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.release.answer_gate import (
    gate_of_model,
    label_for_gate,
    promote_by_gate,
    refuse_by_gate,
)
from driftwheel.services.release.describe_registry import named_run
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.services.release.gate_slice import GateSlice, slice_words
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.models.models import list_versions
from driftwheel.store.release.aliases import find_alias
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.models.card import card_address
from driftwheel.web.pages.models.gate_words import (
    DECISIONS,
    check_rows,
    cost_rows,
    gate_sentence,
    points,
)
from driftwheel.web.pages.models.watch_view import WatchView
from driftwheel.web.pages.rendering import render
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**31)]
_LEFT_OUT = {
    "learnt": "a version has learnt from them",
    "selected": "they were chosen for being doubtful or unusual, and stand for no others",
    "no image": "their image is not kept",
    "beyond": "there are more than are compared at once",
}
_SOURCES = {"record": "labelled records", "dataset": "test images of dataset versions"}


@router.get("/models/{name}/versions/gates/{key}", dependencies=[permit("read")])
def _show_gate(request: Request, state: State, name: str, key: _Key) -> Response:
    """Show a gate run."""
    return _page(request, state, name, key)


@router.post("/models/{name}/versions/gates/{key}/answer", dependencies=[permit("edit-models")])
def _answer(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    key: _Key,
    act: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=LONGEST_REMARK)] = "",
) -> Response:
    """Promote, refuse or have more labelled, and lead back."""
    by, now = caller.name, state.clock()
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "promote": (
            lambda: promote_by_gate(state.engine, name, key, by=by, now=now, reason=reason),
            "promoted",
        ),
        "refuse": (
            lambda: refuse_by_gate(state.engine, name, key, by=by, now=now, reason=reason),
            "refused",
        ),
        "label": (
            lambda: label_for_gate(
                state.engine, name, key, by=by, now=now, rng=np.random.default_rng(secrets.randbits(128))
            ),
            "pool",
        ),
    }
    if act not in acts:
        return _page(request, state, name, key, wrong="Choose what is to be done.", status=422)
    work, told = acts[act]
    try:
        work()
    except UsageError as error:
        return _page(request, state, name, key, wrong=str(error), status=status_of(error))
    return RedirectResponse(f"/models/{quote(name, safe='')}/versions?told={told}", 303)


def _page(
    request: Request, state: Services, name: str, key: int, *, wrong: str = "", status: int = 200
) -> Response:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        try:
            run = gate_of_model(connection, model, key)
        except UsageError as error:
            raise HTTPException(404, str(error)) from None
        versions = {one.key: one for one in list_versions(connection, model.key)}
        pool = None if run.pool is None else pool_by_key(connection, run.pool)
        champion = find_alias(connection, model.key, "champion")
    named = named_run(run, versions)
    numbers = GateNumbers.from_json(run.numbers or {})
    chosen = GateSlice.from_json(run.slice)
    current = champion is not None and champion.version == run.champion
    compared = sum(numbers.sources.values())
    return render(
        request,
        "models/gate_run.html.j2",
        status=status,
        model=model,
        here=WatchView(model.name, model.window).path,
        named=named,
        card=card_address(model.name, named.challenger),
        run=run,
        said=gate_sentence(named),
        decision=DECISIONS.get(run.decision or ""),
        rows=check_rows(numbers.checks),
        costs=cost_rows(numbers.checks),
        numbers=numbers,
        points=points,
        slice=slice_words(chosen),
        alert=chosen.alert,
        compared=compared,
        sources=[(_SOURCES.get(one, one), n) for one, n in numbers.sources.items()],
        left_out=[(_LEFT_OUT.get(why, why), n) for why, n in numbers.left_out.items()],
        pool=pool,
        open=run.state == "done" and run.answer is None and current,
        stale=run.state == "done" and run.answer is None and not current,
        lacks=run.decision == "label_more" and run.pool is None and numbers.more,
        wrong=wrong,
    )
