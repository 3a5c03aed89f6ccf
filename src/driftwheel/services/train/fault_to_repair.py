"""The camera fault that an alert is about, as a training can be given it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from driftwheel.alerts.episode import Episode
from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.images.faults.table import FAULT_NAMES, fault_named
from driftwheel.services.alert.list_alerts import entry_of
from driftwheel.store.alerts.episodes import document_of
from driftwheel.store.windows.verdicts import find_verdict

__all__ = ["LEAST_CONFIDENCE", "cases_near", "fault_of_alert", "fault_to_plain"]

LEAST_CONFIDENCE = 0.5
"""Of the diagnosis: below it no repair is offered."""


def fault_of_alert(connection: Connection, episode: Episode) -> tuple[FaultCase, float] | None:
    """Return the fault that the diagnosis of an alert's last window names, and its confidence.

    None where it names none that images can be given, or is not sure of it.
    """
    entry = entry_of(document_of(connection, episode.key))
    if entry is None:
        return None
    verdict = find_verdict(connection, episode.model, entry.start, tag=episode.tag, value=episode.value)
    document: Mapping[str, Any] = {} if verdict is None else verdict.document or {}
    for found in document.get("diagnosis") or ():
        name, confidence = str(found.get("fault", "")), float(found.get("confidence") or 0)
        if confidence < LEAST_CONFIDENCE or name not in FAULT_NAMES:
            continue
        fault = fault_named(name)
        severity = found.get("severity") if fault.has_severity else None
        if fault.function is None or (fault.has_severity and severity not in fault.severities):
            continue
        return FaultCase(name, severity, ""), confidence
    return None


def cases_near(case: FaultCase) -> tuple[FaultCase, ...]:
    """Return what images are given in learning: the fault, and its next grades, since no diagnosis is exact.

    Every variant stands among them, since the diagnosis names none.

    Examples
    --------
    >>> [one.severity for one in cases_near(FaultCase("haze", 5, ""))]
    [4, 5]
    """
    fault = fault_named(case.fault)
    grades: tuple[int | None, ...] = (None,)
    if case.severity is not None:
        grades = tuple(one for one in fault.severities if one is not None and abs(one - case.severity) <= 1)
    return tuple(FaultCase(case.fault, grade, variant) for grade in grades for variant in fault.variants)


def fault_to_plain(case: FaultCase) -> dict[str, Any]:
    """Return a fault as JSON has it."""
    return {"fault": case.fault, "severity": case.severity, "variant": case.variant}
