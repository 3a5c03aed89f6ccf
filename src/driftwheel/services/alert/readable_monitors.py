"""Monitors as their definitions read; a later release may have written what this one cannot read."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from driftwheel.errors import DriftwheelError
from driftwheel.monitors.monitor import Monitor, monitor_from
from driftwheel.store.alerts.monitors import StoredMonitor

__all__ = ["readable_monitors"]

_log = logging.getLogger("driftwheel.worker")


def readable_monitors(stored: Iterable[StoredMonitor]) -> list[tuple[StoredMonitor, Monitor]]:
    """Return monitors as their definitions read; those that this release cannot read are left out."""
    read = []
    for one in stored:
        try:
            read.append((one, monitor_from(one.name, one.definition)))
        except DriftwheelError as error:
            _log.warning("The monitor '%s' cannot be read and watches nothing: %s", one.name, error)
    return read
