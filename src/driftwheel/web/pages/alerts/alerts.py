"""Alerts: those that are open first, then those that ended, narrowed as the address says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from fastapi import APIRouter, Request, Response

from driftwheel.alerts.episode import Episode
from driftwheel.errors import UsageError, did_you_mean
from driftwheel.monitors.monitor import SEVERITIES, Severity
from driftwheel.report.printable import printable, shortened
from driftwheel.services.alert.list_alerts import (
    ALERT_STATES,
    Alert,
    AlertQuery,
    AlertState,
    is_attended,
    list_alerts,
)
from driftwheel.store.alerts.channels import list_channels
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import list_models
from driftwheel.web.pages.alerts.alert_words import (
    SEVERITY_TONES,
    STATE_CHOICES,
    AlertWords,
    alert_words,
    segment_words,
)
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["AlertRow", "alert_row", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_PAGE = 50
_MOST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert of a list.

    Attributes
    ----------
    wrong
        What went wrong, in a sentence.
    waits
        Whether it waits for somebody.
    can_acknowledge
        Whether it makes sense to offer it.
    """

    episode: Episode
    model: str
    segment: str
    words: AlertWords
    tone: str
    wrong: str
    n: int
    waits: bool
    can_acknowledge: bool


@router.get("/alerts", dependencies=[permit("read")])
def _show_alerts(request: Request, state: State) -> Response:
    """Show one page of alerts."""
    now = state.clock()
    given = {name: request.query_params.get(name, "").strip() for name in ("model", "severity", "state")}
    before = request.query_params.get("before", "")
    with reading(state.engine) as connection:
        models = [one.name for one in list_models(connection)]
        channels = [one for one in list_channels(connection) if one.enabled]
        watched = bool(list_monitors(connection, enabled=True))
        wrong, listed = "", None
        try:
            listed = list_alerts(connection, _query(given), now, before=_key(before), limit=_PAGE)
        except UsageError as error:
            wrong = str(error)
    rows = [] if listed is None else [alert_row(one, now) for one in listed.open]
    return render(
        request,
        "alerts/alerts.html.j2",
        status=422 if wrong else 200,
        given=given,
        narrowed=any(given.values()),
        wrong=wrong,
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        waiting=[row for row in rows if row.waits],
        attended=[row for row in rows if not row.waits],
        ended=[] if listed is None else [alert_row(one, now) for one in listed.ended],
        later=bool(before),
        shows_open=given["state"] not in {"ended", "resolved", "closed"} and not before,
        shows_ended=given["state"] in {"", "ended", "resolved", "closed"},
        further=None
        if listed is None or listed.next is None
        else address("/alerts", {**given, "before": listed.next}),
        first=address("/alerts", given),
        models=models,
        watched=watched,
        severities=[(one, one) for one in reversed(SEVERITIES)],
        states=STATE_CHOICES,
        channels=len(channels),
        failing=[one.name for one in channels if one.failing_since is not None],
    )


_TOLD = {"acknowledged": "Acknowledged: it is not repeated any more."}


def alert_row(alert: Alert, now: datetime) -> AlertRow:
    """Return an alert as one line of a list."""
    one = alert.episode
    return AlertRow(
        one,
        alert.model,
        segment_words(one),
        alert_words(one, now),
        "quiet" if is_attended(one, now) else SEVERITY_TONES[one.severity],
        "" if alert.entry is None else printable(alert.entry.wrong),
        0 if alert.entry is None else alert.entry.n,
        not is_attended(one, now),
        one.state in {"firing", "recovering"} and one.acknowledged is None and one.inhibited_by is None,
    )


def _query(given: Mapping[str, str]) -> AlertQuery:
    return AlertQuery(
        given["model"] or None,
        cast("Severity | None", _one_of("severity", given["severity"], SEVERITIES)),
        cast("AlertState | None", _one_of("state of an alert", given["state"], ALERT_STATES)),
    )


def _one_of(what: str, text: str, known: tuple[Any, ...]) -> str | None:
    if text and text not in known:
        raise UsageError(
            f"'{shortened(text, 40)}' is no {what}; expected one of: {', '.join(known)}."
            f"{did_you_mean(text, known)}"
        )
    return text or None


def _key(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _MOST_KEY):
        raise UsageError(f"'{shortened(text, 40)}' is no place in the list; go on from its first page.")
    return int(text)
