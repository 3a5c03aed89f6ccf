"""The trainings of a model: those under way, and what came of those before."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from driftwheel.services.train.describe_training import describe_runs
from driftwheel.store.datasets.dataset_versions import newest_version
from driftwheel.store.engine.database import reading
from driftwheel.store.train.training_runs import list_runs
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.training.training_words import run_row, training_address
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SHOWN = 50


@router.get("/models/{name}/training", dependencies=[permit("read")])
def _show_runs(request: Request, state: State, name: str) -> Response:
    """Show the trainings of a model."""
    given = request.query_params.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame = model_frame(connection, state, model)
        known = list_runs(connection, model.key, before=before, limit=_SHOWN)
        described = describe_runs(connection, known)
        dataset = newest_version(connection, model.key)
    return render(
        request,
        "training/runs.html.j2",
        **frame,
        at=training_address(name),
        rows=[run_row(name, one) for one in described],
        dataset=dataset,
        older=known[-1].key if len(known) == _SHOWN else None,
    )
