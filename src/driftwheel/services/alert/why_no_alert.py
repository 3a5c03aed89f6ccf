"""Say why a window by which there is drift is no open alert: nobody should have to guess."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from driftwheel.monitors.monitor import watched_tags
from driftwheel.monitors.rule import signals_of
from driftwheel.services.alert.readable_monitors import readable_monitors
from driftwheel.store.alerts.episodes import list_episodes
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.models.models import Model

__all__ = ["why_no_alert"]


def why_no_alert(
    connection: Connection,
    model: Model,
    start: datetime,
    end: datetime,
    signal: Literal["drift", "evidence"] = "drift",
    *,
    tag: str = "",
    value: str = "",
) -> str:
    """Return why what was found in the window start…end of a segment is no open alert, in a sentence.

    That is drift in the window itself, or the evidence of it that has added up by then.

    In this order: nothing watches for drift; somebody closed the alert; the window was over when its monitor
    was added, or switched on again; the monitor waits for more windows in breach. Empty where none of these
    is so.
    """
    watching = [
        (stored, monitor)
        for stored, monitor in readable_monitors(list_monitors(connection, model.key, enabled=True))
        if signal in signals_of(monitor.rule) and tag in watched_tags(monitor, model.segment_tags)
    ]
    if not watching:
        return "No monitor that is on watches for it."
    keys = {stored.key for stored, _ in watching}
    for one in list_episodes(connection, model.key, states=["closed"], fired=True, since=start, until=end):
        if one.monitor in keys and (one.tag, one.value) == (tag, value):
            return f"Its alert was closed: {one.reason}" if one.reason else "Its alert was closed."
    if all(stored.watch_from is not None and end <= stored.watch_from for stored, _ in watching):
        return "It was over when its monitor was added, and what is over never pages; the next will."
    slow = max((monitor for _, monitor in watching), key=lambda one: one.breaches)
    if slow.breaches > 1:
        return f"Its monitor waits for {slow.breaches} of {slow.of_windows} windows in breach."
    return ""
