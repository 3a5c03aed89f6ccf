"""Describe the monitors of a model: what each watches, what it said last, whether it is an alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode
from driftwheel.errors import DriftwheelError
from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import SEVERITIES, Monitor, monitor_from
from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.alerts.evaluations import StoredEvaluation, latest_evaluations
from driftwheel.store.alerts.monitors import StoredMonitor, list_monitors
from driftwheel.store.models.models import Model

__all__ = ["DescribedMonitor", "describe_monitors"]


@dataclass(frozen=True, slots=True)
class DescribedMonitor:
    """A monitor and how it stands.

    Attributes
    ----------
    stored
        As it is kept.
    monitor
        As it is read; None where this release cannot read it.
    wrong
        Why it cannot be read.
    last
        What it said of the newest window that it looked at, the whole model first; empty: nothing yet.
    open
        Its open alerts, the oldest first.
    """

    stored: StoredMonitor
    monitor: Monitor | None
    wrong: str
    last: tuple[StoredEvaluation, ...]
    open: tuple[Episode, ...]

    @property
    def firing(self) -> tuple[Episode, ...]:
        """Those of `open` that fired."""
        return tuple(one for one in self.open if one.fired is not None)

    @property
    def shown(self) -> StoredEvaluation | None:
        """The evaluation to show of the last ones: one in breach first, else of the whole model."""
        order: tuple[Result, ...] = ("breach", "error", "ok", "insufficient", "no_data")
        return min(self.last, key=lambda one: (order.index(one.result), one.tag, one.value), default=None)


def describe_monitors(connection: Connection, model: Model) -> list[DescribedMonitor]:
    """Return the monitors of a model: those with alerts first, then the gravest, those off last."""
    stored = list_monitors(connection, model.key)
    still = open_episodes(connection, model.key)
    described = [
        _described(
            one,
            latest_evaluations(connection, one.key),
            [each for each in still if each.monitor == one.key],
        )
        for one in stored
    ]
    return sorted(described, key=_order)


def _described(
    stored: StoredMonitor, last: Sequence[StoredEvaluation], still: Sequence[Episode]
) -> DescribedMonitor:
    monitor, wrong = None, ""
    try:
        monitor = monitor_from(stored.name, stored.definition)
    except DriftwheelError as error:
        wrong = str(error)
    return DescribedMonitor(stored, monitor, wrong, tuple(last), tuple(still))


def _order(one: DescribedMonitor) -> tuple[bool, bool, int, str]:
    severity = "warning" if one.monitor is None else one.monitor.severity
    return (not one.stored.enabled, not one.firing, -SEVERITIES.index(severity), one.stored.name)
