"""Gather what the triggers of a model's wheel look at."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode, is_snoozed
from driftwheel.errors import DriftwheelError
from driftwheel.monitors.monitor import monitor_from
from driftwheel.monitors.rule import signals_of
from driftwheel.performance.figure import NOTHING
from driftwheel.services.wheel.begin_turn import why_no_turn
from driftwheel.services.wheel.champion_accuracy import version_accuracy
from driftwheel.services.wheel.past_turns import past_turn, turns_of_month
from driftwheel.store.alerts.episodes import episodes_by_key, open_episodes
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.models.models import Model, version_by_key
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.wheel.labelled import labelled_since
from driftwheel.store.wheel.turns import Turn, last_turn, turn_of_alert
from driftwheel.store.windows.performance_windows import list_performance
from driftwheel.wheel.budget import PastTurn
from driftwheel.wheel.wheel_facts import AlertSeen, WheelFacts, tells_of_drift
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["gather_facts"]


def gather_facts(
    connection: Connection, model: Model, policy: WheelPolicy, *, now: datetime, only_asked: bool = False
) -> WheelFacts:
    """Return what is known of a model that may begin a turn of its wheel.

    Labels are counted only where the policy asks for them, which takes long; with `only_asked`, as a worker
    looks every few seconds, accuracy is measured only then, too.
    """
    fired = [one for one in open_episodes(connection, model.key) if one.fired is not None]
    turns = _turns(connection, model, fired, now)
    last = turns[-1] if turns else None
    alias = find_alias(connection, model.key, "champion")
    champion = None if alias is None else version_by_key(connection, alias.version)
    ended = None if last is None else last.ended
    asked = policy.accuracy_below is not None or not only_asked
    measured = max(filter(None, (now - timedelta(days=policy.accuracy_days), ended)))
    counted = max(filter(None, (None if alias is None else alias.since, ended)), default=model.created)
    accuracy = NOTHING
    if champion is not None and asked:
        windows = list_performance(connection, model.key, since=measured)
        whole = [one for one in windows if ended is None or one.start >= ended]
        accuracy = version_accuracy(whole, champion.name)
    return WheelFacts(
        now,
        alerts=_alerts(connection, model, fired, now),
        accuracy=accuracy,
        accuracy_since=measured,
        labelled=0 if policy.new_labels is None else labelled_since(connection, model.key, counted),
        labelled_since=counted,
        champion_since=None if alias is None else alias.since,
        turns=turns,
        obstacle=why_no_turn(connection, model),
    )


def _turns(connection: Connection, model: Model, fired: list[Episode], now: datetime) -> tuple[PastTurn, ...]:
    """Return the turns of the last month, the last one, and those that open alerts began, in order."""
    found: list[Turn | None] = [
        *turns_of_month(connection, model, now),
        last_turn(connection, model.key),
        *(turn_of_alert(connection, one.key) for one in fired),
    ]
    by_number = {one.number: one for one in found if one is not None}
    begun_by = [one.alert for one in by_number.values() if one.alert is not None]
    whole = {one.key for one in episodes_by_key(connection, begun_by) if not one.tag}
    return tuple(past_turn(one, whole=one.alert in whole) for _, one in sorted(by_number.items()))


def _alerts(
    connection: Connection, model: Model, fired: list[Episode], now: datetime
) -> tuple[AlertSeen, ...]:
    if not fired:
        return ()
    about: dict[int | None, bool] = {}
    for one in list_monitors(connection, model.key):
        try:
            about[one.key] = tells_of_drift(signals_of(monitor_from(one.name, one.definition).rule))
        except DriftwheelError:  # a later release wrote it
            about[one.key] = False
    still = {one.key for one in fired}
    return tuple(
        AlertSeen(
            one.key,
            one.name,
            f"{one.tag}={one.value}" if one.tag else "",
            one.severity,
            one.fired or one.pending,
            one.state == "firing",
            about.get(one.monitor, False),
            "" if one.acknowledged is None else one.acknowledged_by or "somebody",
            one.snoozed_until if is_snoozed(one, now) else None,
            one.inhibited_by is not None and one.inhibited_by in still,
            one.began,
        )
        for one in fired
    )
