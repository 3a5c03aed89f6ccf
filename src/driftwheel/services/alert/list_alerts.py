"""List alerts: the open ones, and those that ended, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode, is_snoozed
from driftwheel.alerts.message import Entry, entry_from_json
from driftwheel.monitors.monitor import SEVERITIES, Severity
from driftwheel.store.alerts.episodes import documents_of, list_episodes, open_episodes
from driftwheel.store.models.models import find_model, list_models

__all__ = [
    "ALERT_STATES",
    "Alert",
    "AlertList",
    "AlertQuery",
    "AlertState",
    "entry_of",
    "is_attended",
    "list_alerts",
]

AlertState = Literal[
    "open", "firing", "recovering", "pending", "acknowledged", "snoozed", "ended", "resolved", "closed"
]
"""``firing``: nobody is on it yet."""

ALERT_STATES: tuple[AlertState, ...] = get_args(AlertState)

_ENDED: Mapping[str, tuple[Literal["resolved", "closed"], ...]] = {
    "ended": ("resolved", "closed"),
    "resolved": ("resolved",),
    "closed": ("closed",),
}


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts; what is None does not narrow.

    Attributes
    ----------
    model
        Its name.
    severity, state
        As words.
    """

    model: str | None = None
    severity: Severity | None = None
    state: AlertState | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of a list: the episode, the name of its model, and what its message says, if it says any."""

    episode: Episode
    model: str
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class AlertList:
    """One page.

    Attributes
    ----------
    open
        Those that wait for somebody first, then the gravest, then the newest; empty on later pages.
    ended
        Those that fired and ended, the newest first.
    next
        Key to go on after; None on the last page.
    """

    open: tuple[Alert, ...]
    ended: tuple[Alert, ...]
    next: int | None


def list_alerts(
    connection: Connection, query: AlertQuery, now: datetime, *, before: int | None = None, limit: int = 50
) -> AlertList:
    """Return one page of alerts: all that are open on the first, and up to `limit` that ended.

    Raises
    ------
    UsageError
        When there is no such model.
    """
    model = None if query.model is None else find_model(connection, query.model).key
    names = {one.key: one.name for one in list_models(connection)}
    still: list[Episode] = []
    if before is None and query.state not in _ENDED:
        still = [one for one in open_episodes(connection, model) if _fits(one, query, now)]
        still.sort(key=lambda one: _order(one, now))
    ended: list[Episode] = []
    if query.state is None or query.state in _ENDED:
        ended = list_episodes(
            connection,
            model,
            states=_ENDED[query.state or "ended"],
            severities=None if query.severity is None else (query.severity,),
            fired=True,
            before_key=before,
            limit=limit + 1,
        )
    documents = documents_of(connection, [one.key for one in (*still, *ended[:limit])])
    return AlertList(
        _alerts(still, names, documents),
        _alerts(ended[:limit], names, documents),
        ended[limit - 1].key if len(ended) > limit else None,
    )


def entry_of(document: Mapping[str, Any]) -> Entry | None:
    """Return what an episode's document says; None where it says nothing."""
    return entry_from_json(document) if document else None


def is_attended(episode: Episode, now: datetime) -> bool:
    """Whether nobody needs to look at an open alert now.

    Somebody is on it, it is snoozed, another alert explains it, it is about to end, or it has not fired.
    """
    return (
        episode.state != "firing"
        or episode.acknowledged is not None
        or episode.inhibited_by is not None
        or is_snoozed(episode, now)
    )


def _fits(one: Episode, query: AlertQuery, now: datetime) -> bool:
    if query.severity is not None and one.severity != query.severity:
        return False
    match query.state:
        case None | "open":
            return True
        case "firing":
            return not is_attended(one, now)
        case "acknowledged":
            return one.acknowledged is not None
        case "snoozed":
            return is_snoozed(one, now)
        case _:
            return one.state == query.state


def _order(one: Episode, now: datetime) -> tuple[bool, bool, int, int]:
    return (
        is_attended(one, now),
        one.state == "pending",
        -SEVERITIES.index(one.severity),
        -one.key,
    )


def _alerts(
    episodes: Sequence[Episode], names: Mapping[int, str], documents: Mapping[int, Mapping[str, Any]]
) -> tuple[Alert, ...]:
    return tuple(
        Alert(one, names.get(one.model, ""), entry_of(documents.get(one.key, {}))) for one in episodes
    )
