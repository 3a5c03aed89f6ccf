"""Ask for a repair without new labels from the page of an alert; what that page shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import DriftwheelError
from driftwheel.learning.trainers.recipe_words import fault_words
from driftwheel.report.gains import gain_words, points
from driftwheel.services.alert.describe_alert import AlertDescription
from driftwheel.services.train.ask_for_repair import ask_for_repair
from driftwheel.services.train.describe_training import describe_runs
from driftwheel.services.train.offer_repairs import offer_of_alert
from driftwheel.store.engine.database import reading
from driftwheel.web.api.known_alert import alert_at
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.training.training_words import RunRow, run_row, training_address
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["RepairView", "repair_view", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**63)]


@dataclass(frozen=True, slots=True)
class RepairView:
    """What the page of an alert shows of its repair.

    Attributes
    ----------
    fault
        That explains the alert, in words.
    champion, dataset
        Name of the version, and number of the dataset version with how many images; empty without one.
    datasets
        Where dataset versions are made.
    lacking
        Why no repair can be asked for.
    expected, is_sure
        The gain that a rehearsal measured, with its interval, empty until it has; whether that is above 0.
    before, after, clean
        Accuracy of the champion and of the rehearsed repair on images given the fault, and the gain on images
        as they are.
    adapted, may_adapt
        What adapting normalisations gained in the rehearsal, and whether to offer it.
    n
        Held-out images that it was measured on.
    state
        Of the rehearsal; empty without one.
    reason
        Why it failed.
    rows
        Repairs that were asked for.
    """

    fault: str
    champion: str
    dataset: str
    datasets: str
    lacking: str
    expected: str
    is_sure: bool
    before: str
    after: str
    clean: str
    adapted: str
    may_adapt: bool
    n: int
    state: str
    reason: str
    rows: tuple[RunRow, ...]

    @property
    def is_open(self) -> bool:
        """Whether a repair is under way."""
        return any(row.one.run.is_open for row in self.rows)


@router.post("/alerts/{key}/repair", dependencies=[permit("edit-models")])
def _repair(
    request: Request,
    state: State,
    caller: Caller,
    key: _Key,
    kind: Annotated[Literal["retrain", "adapt"], Form()] = "retrain",
) -> Response:
    """Ask for it and lead to the run; or say why it cannot be."""
    it = alert_at(state.engine, key)
    try:
        run = ask_for_repair(state.engine, state.blobs, key, kind, by=caller.name, now=state.clock())
    except DriftwheelError as error:
        if (status := status_of(error)) == 500:
            raise
        return render(
            request,
            "training/no_repair.html.j2",
            status=status,
            key=key,
            model=it.model.name,
            wrong=str(error),
        )
    return RedirectResponse(f"{training_address(it.model.name, run.key)}?told=asked", 303)


def repair_view(state: Services, it: AlertDescription) -> RepairView | None:
    """Return what an alert's page shows of its repair; None where no camera fault explains it."""
    with reading(state.engine) as connection:
        offer = offer_of_alert(connection, it.model, it.episode)
        if offer is None:
            return None
        runs = describe_runs(connection, offer.repairs)
    rehearsal = offer.rehearsal
    results = {} if rehearsal is None else dict(rehearsal.results or {})
    faulty, clean = results.get("faulty") or {}, results.get("clean") or {}
    dataset = offer.dataset
    return RepairView(
        fault=fault_words(offer.fault),
        champion="" if offer.champion is None else offer.champion.name,
        dataset="" if dataset is None else f"version {dataset.number} with {dataset.images:,} images",
        datasets=f"/models/{quote(it.model.name, safe='')}/datasets",
        lacking=offer.lacking,
        expected=gain_words(faulty.get("gain")),
        is_sure=bool(faulty) and float(faulty["gain"]["low"]) > 0,
        before=points((faulty.get("champion") or {}).get("accuracy")),
        after=points(faulty.get("accuracy")),
        clean=gain_words(clean.get("gain")),
        adapted=gain_words(offer.adapted),
        may_adapt=offer.adapted is not None and offer.may_adapt,
        n=int(faulty.get("n") or 0),
        state="" if rehearsal is None else rehearsal.state,
        reason="" if rehearsal is None else rehearsal.reason or "",
        rows=tuple(run_row(it.model.name, one) for one in runs),
    )
