"""Evaluate monitors: keep verdicts on windows, let the monitors speak of them, raise alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.monitors.evaluate import evaluate
from driftwheel.monitors.monitor import Monitor, watched_tags
from driftwheel.monitors.observation import observations_from_json
from driftwheel.monitors.rule import signals_of
from driftwheel.services.alert.found import Found
from driftwheel.services.alert.judged import Judged
from driftwheel.services.alert.raise_alerts import raise_alerts
from driftwheel.services.alert.readable_monitors import readable_monitors
from driftwheel.services.alert.suggest_monitors import suggest_for_first_window
from driftwheel.services.crash_points import reach
from driftwheel.store.alerts.monitors import StoredMonitor, list_monitors
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import Model, lock_model
from driftwheel.store.windows.verdicts import StoredVerdict, keep_verdict
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["SILENCE", "Evaluated", "evaluate_monitors", "find_in", "is_ticked"]

SILENCE = "silence"
"""The signal that no window tells: rules with it are looked at on a tick, see `watch_silence`."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What was done.

    Attributes
    ----------
    windows
        Verdicts kept.
    evaluations
        Of how many windows monitors said something.
    changed
        Episodes that began, changed or ended.
    """

    windows: int = 0
    evaluations: int = 0
    changed: int = 0


def evaluate_monitors(
    engine: Engine, model: Model, judged: Sequence[tuple[StoredWindow, Judged]], *, now: datetime
) -> Evaluated:
    """Keep verdicts, evaluations, episodes and who is to be told of them, in one transaction.

    Parameters
    ----------
    judged
        Windows of one span of time, the whole model and segments, each with what is known of it. Those that
        are no longer there are passed over.
    now
        Clock time.
    """
    with writing(engine) as connection:
        current = lock_model(connection, model.key)
        if current is None:
            return Evaluated()
        suggest_for_first_window(connection, current, now=now)
        kept = [keep_verdict(connection, its.as_verdict(one, now)) for one, its in judged]
        verdicts = [one for one in kept if one is not None]
        monitors = readable_monitors(list_monitors(connection, current.key, enabled=True))
        found = [one for one in find_in(current, monitors, verdicts) if not is_ticked(one.monitor)]
        changed = raise_alerts(connection, current.key, found, now)
        reach("judge-written")
    return Evaluated(len(verdicts), len(found), changed)


def find_in(
    model: Model,
    monitors: Iterable[tuple[StoredMonitor, Monitor]],
    verdicts: Sequence[StoredVerdict],
) -> list[Found]:
    """Return what monitors say of the windows of these verdicts, of the segments that they watch."""
    found = []
    for stored, monitor in monitors:
        tags = watched_tags(monitor, model.segment_tags)
        found += [_found(stored, monitor, verdict) for verdict in verdicts if verdict.tag in tags]
    return found


def is_ticked(monitor: Monitor) -> bool:
    """Return whether a monitor goes by the clock, not by windows."""
    return SILENCE in signals_of(monitor.rule)


def _found(stored: StoredMonitor, monitor: Monitor, verdict: StoredVerdict) -> Found:
    observations = observations_from_json(verdict.observations)
    return Found(
        stored,
        monitor,
        verdict.tag,
        verdict.value,
        verdict.start,
        verdict.end,
        evaluate(monitor, observations),
        observations,
        verdict.headline,
        verdict.document,
        verdict.exemplars,
    )
