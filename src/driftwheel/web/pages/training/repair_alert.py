"""Ask for a repair without new labels from the page of an alert; what that page shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import DriftwheelError
from driftwheel.learning.trainers.recipe_words import fault_words
from driftwheel.report.gains import gain_words, points
from driftwheel.services.alert.describe_alert import AlertDescription
from driftwheel.services.train.ask_for_repair import ask_for_repair
from driftwheel.services.train.describe_training import describe_runs
from driftwheel.services.train.offer_repairs import RepairOffer, offer_of_alert
from driftwheel.services.train.repair_recipe import REPAIR_TRAINERS, RepairTrainer, can_distil
from driftwheel.store.engine.database import reading
from driftwheel.web.api.known_alert import alert_at
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.training.training_words import RunRow, run_row, training_address
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["RepairView", "RepairWay", "repair_view", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_WAYS: Final[Mapping[RepairTrainer, str]] = {
    "linear-head": "Retrain the head",
    "distillation": "Retrain by distillation",
}

_Key = Annotated[int, Path(ge=1, lt=2**63)]


@dataclass(frozen=True, slots=True)
class RepairWay:
    """A way to retrain on images given the fault, and what a rehearsal measured of it; empty until it has.

    Attributes
    ----------
    words
        What is done, as a button says it.
    after, gain
        On images given the fault: accuracy, and the gain over the champion.
    clean
        The gain on images as they are.
    """

    trainer: RepairTrainer
    words: str
    after: str
    gain: str
    clean: str


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
        The gain that a rehearsal of the better way measured, with its interval, empty until it has; whether
        that is above 0.
    before
        Accuracy of the champion on images given the fault.
    ways
        How it can be retrained, the better first, with what was measured of each.
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
    ways: tuple[RepairWay, ...]
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
def _repair(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    key: _Key,
    kind: Annotated[Literal["retrain", "adapt"], Form()] = "retrain",
    trainer: Annotated[RepairTrainer | None, Form()] = None,
) -> Response:
    """Ask for it and lead to the run; or say why it cannot be."""
    it = alert_at(state.engine, key)
    try:
        run = ask_for_repair(
            state.engine, state.blobs, key, kind, trainer=trainer, by=caller.name, now=state.clock()
        )
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
    faulty = (offer.expected(offer.best) or {}).get("faulty") or {}
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
        ways=_ways(offer),
        adapted=gain_words(offer.adapted),
        may_adapt=offer.adapted is not None and offer.may_adapt,
        n=int(faulty.get("n") or 0),
        state="" if rehearsal is None else rehearsal.state,
        reason="" if rehearsal is None else rehearsal.reason or "",
        rows=tuple(run_row(it.model.name, one) for one in runs),
    )


def _ways(offer: RepairOffer) -> tuple[RepairWay, ...]:
    shown = [offer.best, *(one for one in REPAIR_TRAINERS if one != offer.best and can_distil())]
    ways = []
    for trainer in shown:
        found = offer.expected(trainer) or {}
        faulty, clean = found.get("faulty") or {}, found.get("clean") or {}
        after, gain = points(faulty.get("accuracy")), gain_words(faulty.get("gain"))
        ways.append(RepairWay(trainer, _WAYS[trainer], after, gain, gain_words(clean.get("gain"))))
    return tuple(ways)
