"""One training: how far it is, its curves and its log; what it is worth; the trials of a search."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.learning.trainers.recipe_words import fault_words, recipe_rows
from driftwheel.report.charts.curves import Curve, curve_chart
from driftwheel.report.gains import gain_words, points, span_words
from driftwheel.report.numbers import share
from driftwheel.services.train.ask_for_training import stop_training
from driftwheel.services.train.describe_training import RunDescription, describe_runs, describe_trials
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.train.training_lines import MOST_LINES, lines_of
from driftwheel.web.api.known_model import known_model
from driftwheel.web.api.training import run_at
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.training.training_words import run_row, training_address
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**31)]
_COMPARED = 6


@router.get("/models/{name}/training/{key}", dependencies=[permit("read")])
def _show_run(request: Request, state: State, name: str, key: _Key) -> Response:
    """Show a training."""
    told = "It waits for a worker." if request.query_params.get("told") == "asked" else ""
    return _page(request, state, name, key, done=told)


@router.get("/models/{name}/training/{key}/live", dependencies=[permit("read")])
def _show_live(request: Request, state: State, name: str, key: _Key) -> Response:
    """Show only what changes while it runs: the page puts it in its place."""
    with reading(state.engine) as connection:
        seen = _seen(connection, known_model(connection, name), key)
    return render(request, "training/run_live.html.j2", **seen)


@router.post("/models/{name}/training/{key}/stop", dependencies=[permit("edit-models")])
def _stop(request: Request, state: State, caller: Caller, name: str, key: _Key) -> Response:
    """Stop it and lead back to it."""
    with reading(state.engine) as connection:
        run_at(connection, known_model(connection, name), key)
    try:
        stop_training(state.engine, name, key, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, name, key, wrong=str(error))
    return RedirectResponse(training_address(name, key), 303)


def _page(
    request: Request, state: Services, name: str, key: int, *, done: str = "", wrong: str = ""
) -> Response:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        seen = _seen(connection, model, key)
        frame = model_frame(connection, state, model)
    return render(
        request,
        "training/run.html.j2",
        status=422 if wrong else 200,
        **(frame | seen),
        done=done,
        wrong=wrong,
    )


def _seen(connection: Connection, model: Model, key: int) -> dict[str, Any]:
    """Return what a template sees of a run."""
    run = run_at(connection, model, key)
    (one,) = describe_runs(connection, [run])
    trials = describe_trials(connection, key)
    lines = lines_of(connection, key, limit=MOST_LINES * 2)
    ranked = sorted((found.loss, found.run.key) for found in trials if found.loss is not None)
    best = [place for _, place in ranked[:_COMPARED]]
    at = training_address(model.name)
    return {
        "at": at,
        "one": one,
        "run": run,
        "row": run_row(model.name, one),
        "model_name": model.name,
        "charts": _charts(one),
        "lines": lines,
        "trials": [run_row(model.name, found) for found in trials],
        "best": best[0] if best else None,
        "compare": address(f"{at}/compare", {"run": best}) if len(best) > 1 else "",
        "recipe": recipe_rows(one.recipe),
        "measured": _measured(one),
        "worse": _is_worse(one),
        "span_words": span_words,
        "points": points,
        "percent": share(one.done),
    }


def _charts(one: RunDescription) -> list[tuple[str, Any]]:
    """Return the curves of a run, with their titles; of one epoch there is nothing to draw."""
    if len(one.epochs) < 2:
        return []
    number = [int(epoch["number"]) for epoch in one.epochs]
    learnt = [
        (place, float(epoch["loss"]))
        for place, epoch in zip(number, one.epochs, strict=True)
        if epoch["loss"] is not None
    ]
    held, right = (
        [(place, float(epoch[name])) for place, epoch in zip(number, one.epochs, strict=True)]
        for name in ("validation_loss", "validation_accuracy")
    )
    losses = [
        Curve("in learning", "learning", tuple(learnt)),
        Curve("validation", "validation", tuple(held)),
    ]
    accuracy = [Curve("validation", "validation", tuple(right))]
    return [
        ("Loss by epoch, in nats", curve_chart(losses, "Loss by epoch", is_share=False)),
        ("Right on the validation split", curve_chart(accuracy, "Accuracy by epoch", is_share=True)),
    ]


def _is_worse(one: RunDescription) -> bool:
    """Whether it is worse than the champion was, by the whole interval, on what it was made for."""
    results = one.run.results or {}
    found = results.get("faulty") or results.get("clean") or {}
    return bool(found.get("gain")) and float(found["gain"]["high"]) < 0


def _measured(one: RunDescription) -> list[dict[str, Any]]:
    """Return what was measured on held-out images, a row for those as they are and one with the fault."""
    results = one.run.results or {}
    rows = []
    for name in ("clean", "faulty"):
        found = results.get(name)
        if not found:
            continue
        words = "as they are"
        if name == "faulty":
            faults = one.recipe.faults
            plain = one.run.wish.get("fault") or {}
            middle = next((case for case in faults if case.severity == plain.get("severity")), None)
            words = f"given {fault_words(middle)}" if middle else f"given {plain.get('fault', 'the fault')}"
        champion = found.get("champion") or {}
        rows.append(
            {
                "words": words,
                "split": found["split"],
                "n": found["n"],
                "accuracy": points(found["accuracy"]),
                "interval": f"{points(found['low'])} – {points(found['high'])}",
                "champion": points(champion.get("accuracy")),
                "gain": gain_words(found.get("gain")),
                "sure": bool(found.get("gain")) and (found["gain"]["low"] > 0 or found["gain"]["high"] < 0),
                "loss": f"{found['loss']:.3f}",
                "recalls": [
                    (label, points(each["recall"]), each["n"]) for label, each in found["recalls"].items()
                ],
            }
        )
    return rows
