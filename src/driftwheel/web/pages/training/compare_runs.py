"""Runs beside each other: their curves over each other, what each is worth, and what each cost."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from driftwheel.learning.trainers.recipe_words import recipe_rows
from driftwheel.report.charts.curves import Curve, curve_chart
from driftwheel.services.train.describe_training import RunDescription, describe_runs
from driftwheel.store.engine.database import reading
from driftwheel.store.train.training_runs import find_run, list_runs
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.training.training_words import run_row, training_address
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_MOST = 6
_NEWEST = 4


@router.get("/models/{name}/training/compare", dependencies=[permit("read")])
def _compare(request: Request, state: State, name: str) -> Response:
    """Show up to six runs beside each other, by default the newest that are done."""
    asked = [
        int(one)
        for one in request.query_params.getlist("run")
        if one.isascii() and one.isdecimal() and len(one) < 10
    ]
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame = model_frame(connection, state, model)
        found = [find_run(connection, model.key, key) for key in dict.fromkeys(asked)]
        runs = [one for one in found if one is not None][:_MOST]
        if not asked:
            runs = [one for one in list_runs(connection, model.key, limit=50) if one.state == "done"][
                :_NEWEST
            ]
        known = describe_runs(connection, runs)
        others = describe_runs(connection, list_runs(connection, model.key, limit=50))
    shown = [one.run.key for one in known]
    return render(
        request,
        "training/compare.html.j2",
        **frame,
        at=training_address(name),
        rows=[run_row(name, one) for one in known],
        charts=[
            ("Validation loss by epoch, in nats", _chart(known, "validation_loss", is_share=False)),
            ("Right on the validation split", _chart(known, "validation_accuracy", is_share=True)),
        ],
        differing=_differing(known),
        others=[(row, row.one.run.key in shown) for row in (run_row(name, one) for one in others)],
        shown=shown,
        most=_MOST,
    )


def _chart(known: list[RunDescription], name: str, *, is_share: bool) -> object:
    curves = [
        Curve(
            f"{one.run.key}",
            f"c{place + 1}",
            tuple((int(epoch["number"]), float(epoch[name])) for epoch in one.epochs),
        )
        for place, one in enumerate(known)
    ]
    return curve_chart(curves, name.replace("_", " "), is_share=is_share)


def _differing(known: list[RunDescription]) -> list[tuple[str, list[str]]]:
    """Return the choices in which recipes differ, with what each has chosen."""
    tables = [dict(recipe_rows(one.recipe)) for one in known]
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = [(name, [table.get(name, "–") for table in tables]) for name in names]
    return [(name, row) for name, row in rows if len(set(row)) > 1]
