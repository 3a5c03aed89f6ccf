"""Change monitors: make, edit, switch and delete them; each change is a line in the audit log.

Another definition is a new revision, and is held against the newest window at once: an alert that the new
rule does not find any more recovers, as after a window.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.monitors.monitor import Monitor, check_segments, definition_of, monitor_from, watched_tags
from driftwheel.services.alert.close_alerts import close_episodes
from driftwheel.services.alert.evaluate_monitors import find_in, is_ticked
from driftwheel.services.alert.raise_alerts import raise_alerts
from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.alerts.monitors import (
    Origin,
    StoredMonitor,
    change_definition,
    create_monitor,
    delete_monitor,
    find_monitor,
    set_enabled,
)
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import Model, find_model, lock_model
from driftwheel.store.operate.audit import note
from driftwheel.store.windows.verdicts import newest_verdicts
from driftwheel.store.windows.windows import newest_over

__all__ = ["add_monitor", "change_monitor", "remove_monitor", "switch_monitor"]


def add_monitor(
    engine: Engine, model: str, monitor: Monitor, *, origin: Origin, by: str, now: datetime
) -> StoredMonitor:
    """Give a model another monitor, and return it; windows that are over by now never page.

    Raises
    ------
    UsageError
        When there is no such model, the name is taken, or the monitor watches a tag that the model has not.
    """
    with writing(engine) as connection:
        found = _locked(connection, model)
        check_segments(monitor, found.segment_tags)
        made = create_monitor(
            connection,
            found.key,
            monitor.name,
            definition=definition_of(monitor),
            origin=origin,
            watch_from=newest_over(connection, found.key, now),
            changed=now,
            by=by,
        )
        _evaluate_newest(connection, found, made, monitor, now)
        details = {"monitor": made.name, "definition": made.definition}
        note(connection, now, by, "add monitor", found.name, details)
    return made


def change_monitor(
    engine: Engine, model: str, monitor: Monitor, *, origin: Origin, by: str, now: datetime
) -> StoredMonitor:
    """Give the monitor of that name another definition, and return it; the same again changes nothing.

    Alerts of segments that it watches no longer are closed.

    Raises
    ------
    UsageError
        When there is no such model or monitor, or it watches a tag that the model has not.
    """
    with writing(engine) as connection:
        found = _locked(connection, model)
        before = find_monitor(connection, found.key, monitor.name)
        check_segments(monitor, found.segment_tags)
        definition = definition_of(monitor)
        if definition == dict(before.definition):
            return before
        after = change_definition(connection, before.key, definition, origin=origin, changed=now, by=by)
        tags = watched_tags(monitor, found.segment_tags)
        gone = [one for one in open_episodes(connection, monitor=after.key) if one.tag not in tags]
        close_episodes(connection, found.key, gone, reason="The monitor no longer watches it.", now=now)
        if after.enabled:
            _evaluate_newest(connection, found, after, monitor, now)
        details = {"monitor": after.name, "from": before.definition, "to": after.definition}
        note(connection, now, by, "change monitor", found.name, details)
    return after


def switch_monitor(
    engine: Engine, model: str, name: str, *, enabled: bool, reason: str = "", by: str, now: datetime
) -> StoredMonitor:
    """Switch a monitor on or off, and return it; off closes its alerts with the reason.

    On again, windows that are over by then never page.

    Raises
    ------
    UsageError
        When there is no such model or monitor.
    """
    with writing(engine) as connection:
        found = _locked(connection, model)
        before = find_monitor(connection, found.key, name)
        if before.enabled == enabled:
            return before
        watch_from = newest_over(connection, found.key, now) if enabled else before.watch_from
        set_enabled(connection, before.key, enabled=enabled, watch_from=watch_from, changed=now, by=by)
        if not enabled:
            why = f"The monitor was switched off: {reason}" if reason else "The monitor was switched off."
            close_episodes(
                connection, found.key, open_episodes(connection, monitor=before.key), reason=why, now=now
            )
        after = find_monitor(connection, found.key, name)
        if enabled:
            monitor = monitor_from(after.name, after.definition)
            _evaluate_newest(connection, found, after, monitor, now)
        done = "switch on monitor" if enabled else "switch off monitor"
        note(connection, now, by, done, found.name, {"monitor": name, "reason": reason})
    return after


def remove_monitor(engine: Engine, model: str, name: str, *, by: str, now: datetime) -> None:
    """Delete a monitor and what it said; its alerts are closed and stay.

    Raises
    ------
    UsageError
        When there is no such model or monitor.
    """
    with writing(engine) as connection:
        found = _locked(connection, model)
        monitor = find_monitor(connection, found.key, name)
        still = open_episodes(connection, monitor=monitor.key)
        close_episodes(connection, found.key, still, reason="The monitor was deleted.", now=now)
        delete_monitor(connection, monitor.key)
        details: Mapping[str, Any] = {"monitor": name, "definition": monitor.definition}
        note(connection, now, by, "delete monitor", found.name, details)


def _locked(connection: Connection, name: str) -> Model:
    model = find_model(connection, name)
    return lock_model(connection, model.key) or model


def _evaluate_newest(
    connection: Connection, model: Model, stored: StoredMonitor, monitor: Monitor, now: datetime
) -> None:
    """Hold a monitor against the newest window, where it goes by windows."""
    if is_ticked(monitor):
        return
    found = find_in(model, [(stored, monitor)], newest_verdicts(connection, model.key))
    raise_alerts(connection, model.key, found, now)
