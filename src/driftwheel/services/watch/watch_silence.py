"""Watch for silence: records that stop coming, and windows that never came. No record tells of either.

Silence goes by the clock of the server, from when the last record came, whatever its event time; so a week
that is logged late is not silent. It counts only while the server was there to receive: after a pause longer
than a minute it begins anew, unless it was an alert before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from driftwheel.monitors.evaluate import evaluate
from driftwheel.monitors.monitor import Monitor, watched_tags
from driftwheel.monitors.observation import Observation, observations_from_json
from driftwheel.monitors.rule import signals_of
from driftwheel.services.alert.close_alerts import close_episodes
from driftwheel.services.alert.evaluate_monitors import SILENCE, is_ticked
from driftwheel.services.alert.found import Found
from driftwheel.services.alert.raise_alerts import raise_alerts
from driftwheel.services.alert.readable_monitors import readable_monitors
from driftwheel.services.crash_points import reach
from driftwheel.services.watch.add_missed_windows import add_missed_windows
from driftwheel.services.watch.last_heard import REMEMBERED, last_heard
from driftwheel.store.alerts.episodes import open_episode, open_episodes
from driftwheel.store.alerts.evaluations import StoredEvaluation, newest_of_segments
from driftwheel.store.alerts.monitors import StoredMonitor, list_monitors
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, lock_model, model_by_key
from driftwheel.store.operate.settings import get_setting, put_setting
from driftwheel.store.windows.heard_segments import HeardSegment
from driftwheel.store.windows.verdicts import list_verdicts

__all__ = ["Ticked", "watch_silence"]

_PAUSE = timedelta(minutes=1)
_SAID_AGAIN = timedelta(minutes=5)
_VOLUME = "records"
_SETTING = "watch.ticked"
_GONE = f"Nothing has come from it in the last {REMEMBERED} windows; it counts as gone."

_Watching = Sequence[tuple[StoredMonitor, Monitor]]


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did: episodes that changed, and windows that were added."""

    changed: int = 0
    added: int = 0


def watch_silence(engine: Engine, *, now: datetime) -> Ticked:
    """Look once at every model with a monitor of silence or volume; call it every 15 s or so.

    Only one worker may do this at a time. `now` is clock time.
    """
    there_since = _there_since(engine, now)
    with reading(engine) as connection:
        monitors = readable_monitors(list_monitors(connection, enabled=True))
        models = {key: model_by_key(connection, key) for key in sorted({one.model for one, _ in monitors})}
    changed = added = 0
    for key, model in models.items():
        if model is None:
            continue
        its = [(stored, monitor) for stored, monitor in monitors if stored.model == key]
        changed += _listen(engine, model, [one for one in its if is_ticked(one[1])], there_since, now)
        counting = [monitor for _, monitor in its if _VOLUME in signals_of(monitor.rule)]
        tags = {tag for one in counting for tag in watched_tags(one, model.segment_tags)}
        if tags:
            added += add_missed_windows(engine, model, tags, now=now)
    return Ticked(changed, added)


def _there_since(engine: Engine, now: datetime) -> datetime:
    """Return since when there was a tick every minute, this one among them."""
    with reading(engine) as connection:
        before = get_setting(connection, _SETTING)
    since = now
    if isinstance(before, Mapping):
        last = datetime.fromisoformat(before["last"])
        if timedelta() <= now - last <= _PAUSE:
            since = datetime.fromisoformat(before["since"])
    with writing(engine) as connection:
        put_setting(connection, _SETTING, {"since": since.isoformat(), "last": now.isoformat()})
    return since


def _listen(engine: Engine, model: Model, monitors: _Watching, there_since: datetime, now: datetime) -> int:
    """Keep what the monitors of silence of one model have to say that is new."""
    if not monitors:
        return 0
    with reading(engine) as connection:
        heard = last_heard(connection, model.key)
        found = []
        for stored, monitor in monitors:
            tags = watched_tags(monitor, model.segment_tags)
            known = newest_of_segments(connection, stored.key)
            for one in heard:
                if one.tag in tags:
                    before = known.get((one.tag, one.value))
                    found.append(_hear(connection, (stored, monitor), one, before, there_since, now))
        gone = _gone(connection, monitors, heard)
    said = [one for one in found if one is not None]
    if not said and not gone:
        return 0
    with writing(engine) as connection:
        if lock_model(connection, model.key) is None:
            return 0
        valid = {one.key: one.revision for one in list_monitors(connection, model.key, enabled=True)}
        still = [one for one in said if valid.get(one.stored.key) == one.stored.revision]
        changed = raise_alerts(connection, model.key, still, now)
        left = [one for one in open_episodes(connection, model.key) if one.key in gone]
        changed += len(close_episodes(connection, model.key, left, reason=_GONE, now=now))
        reach("watch-written")
    reach("watch-committed")
    return changed


def _hear(  # noqa: PLR0917  one monitor on one segment
    connection: Connection,
    watching: tuple[StoredMonitor, Monitor],
    heard: HeardSegment,
    before: StoredEvaluation | None,
    there_since: datetime,
    now: datetime,
) -> Found | None:
    """Return what a monitor says of the time from the last record to now; None where that is not new.

    `before` is what it had an answer for last. The last verdict is read only where the rule looks at it, or
    there is something new to say.
    """
    stored, monitor = watching
    last = max(heard.received, there_since)
    if before is not None and before.result == "breach" and before.start >= heard.received:
        last = before.start  # it was silent before the pause
    note = f"The last record came at {heard.received:%Y-%m-%d %H:%M} UTC."
    seconds = max(0.0, (now - last).total_seconds())
    silence = {SILENCE: Observation(SILENCE, seconds, 1, note=note)}
    alone = signals_of(monitor.rule) == (SILENCE,)
    observations = silence if alone else _last_observed(connection, stored.model, heard) | silence
    at_once = replace(monitor, breaches=1, of_windows=1, keep_firing_for=1)  # its threshold is its patience
    evaluation = evaluate(at_once, observations)
    said = Found(stored, at_once, heard.tag, heard.value, last, max(now, last), evaluation, observations)
    if before is not None and not _is_new(connection, said, before, now):
        return None
    if alone:
        said = replace(said, observations=_last_observed(connection, stored.model, heard) | silence)
    return said


def _last_observed(connection: Connection, model: int, heard: HeardSegment) -> dict[str, Observation]:
    newest = list_verdicts(connection, model, tag=heard.tag, value=heard.value, newest=1)
    return observations_from_json(newest[0].observations) if newest else {}


def _is_new(connection: Connection, said: Found, before: StoredEvaluation, now: datetime) -> bool:
    """Return whether it is anything else than what was said last, or that was said some minutes ago."""
    if (before.revision, before.result, before.cleared) != (
        said.stored.revision,
        said.evaluation.result,
        said.evaluation.cleared,
    ):
        return True
    if now - before.time < _SAID_AGAIN:
        return False
    return open_episode(connection, said.instance.digest) is not None


def _gone(connection: Connection, monitors: _Watching, heard: Sequence[HeardSegment]) -> set[int]:
    """Return the open alerts of segments that count as gone, by key."""
    here = {(one.tag, one.value) for one in heard}
    return {
        one.key
        for stored, _ in monitors
        for one in open_episodes(connection, monitor=stored.key)
        if (one.tag, one.value) not in here
    }
