"""Act on the open alerts of a model at once: acknowledge them, or snooze them for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Response
from fastapi.responses import RedirectResponse

from driftwheel.alerts.episode import is_snoozed
from driftwheel.errors import UsageError
from driftwheel.services.alert.acknowledge_alert import acknowledge_alert
from driftwheel.services.alert.snooze_alert import snooze_alert
from driftwheel.services.watch.watch_model import OpenAlert
from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.engine.database import reading
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.rendering import address
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["SNOOZES", "TOLD", "AlertActs", "acts_of", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

SNOOZES: Mapping[str, tuple[timedelta, str]] = {
    "1": (timedelta(hours=1), "1 hour"),
    "4": (timedelta(hours=4), "4 hours"),
    "24": (timedelta(days=1), "1 day"),
    "72": (timedelta(days=3), "3 days"),
    "168": (timedelta(days=7), "1 week"),
}
"""For how long alerts can be snoozed, wherever they are: what the form sends, and what it is called."""

TOLD: Mapping[str, str] = {
    "acknowledged": "Acknowledged: these alerts are not repeated any more.",
    "snoozed": "Snoozed: one message follows if it still fires then.",
    "nothing": "There was nothing to do: those alerts have ended, or somebody was faster.",
}


@dataclass(frozen=True, slots=True)
class AlertActs:
    """What can be done about the alerts of a model; by key; `first` is what the sentence is about."""

    first: int | None
    count: int
    acknowledge: tuple[int, ...]
    snooze: tuple[int, ...]
    snoozed_until: datetime | None
    snoozes: tuple[tuple[str, str], ...]


def acts_of(alerts: Sequence[OpenAlert], now: datetime, *, may: bool) -> AlertActs:
    """Return what can be done about open alerts, the gravest first; nothing where the caller `may` not."""
    open_ones = [one.episode for one in alerts]
    snoozed = [one.snoozed_until for one in open_ones if is_snoozed(one, now) and one.snoozed_until]
    return AlertActs(
        open_ones[0].key if open_ones else None,
        len(open_ones),
        tuple(one.key for one in open_ones if one.acknowledged is None) if may else (),
        tuple(one.key for one in open_ones if not is_snoozed(one, now)) if may else (),
        max(snoozed) if snoozed else None,
        tuple((name, words) for name, (_, words) in SNOOZES.items()),
    )


@router.post("/models/{name}/acknowledge", dependencies=[permit("edit-models")])
def _acknowledge(
    state: State,
    caller: Caller,
    name: str,
    alert: Annotated[list[int] | None, Form()] = None,
    back: Annotated[str, Form()] = "",
) -> Response:
    """Acknowledge alerts of a model, and lead back."""

    def act(key: int) -> None:
        acknowledge_alert(state.engine, key, by=caller.name, now=state.clock())

    return _each(state, name, alert or [], back, act, "acknowledged")


@router.post("/models/{name}/snooze", dependencies=[permit("edit-models")])
def _snooze(  # noqa: PLR0917  the fields of the form
    state: State,
    caller: Caller,
    name: str,
    alert: Annotated[list[int] | None, Form()] = None,
    hours: Annotated[str, Form()] = "4",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Snooze alerts of a model, and lead back."""
    if hours not in SNOOZES:
        raise HTTPException(
            422, f"Alerts are not snoozed for '{hours[:20]}'; take one of: {', '.join(SNOOZES)}."
        )
    now = state.clock()

    def act(key: int) -> None:
        snooze_alert(state.engine, key, until=now + SNOOZES[hours][0], by=caller.name, now=now)

    return _each(state, name, alert or [], back, act, "snoozed")


def _each(  # noqa: PLR0917  what one request asks for
    state: Services, name: str, keys: Sequence[int], back: str, act: Callable[[int], None], told: str
) -> Response:
    """Act on those that are open and of this model; lead to the overview or to the model."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        known = {one.key for one in open_episodes(connection, model.key)}
    done = 0
    for key in dict.fromkeys(keys):
        if key in known:
            try:
                act(key)
                done += 1
            except UsageError:  # it ended meanwhile
                continue
    where = "/" if back == "overview" else f"/models/{quote(name, safe='')}"
    segment = back.removeprefix("segment:") if back.startswith("segment:") else ""
    return RedirectResponse(address(where, {"segment": segment, "told": told if done else "nothing"}), 303)
