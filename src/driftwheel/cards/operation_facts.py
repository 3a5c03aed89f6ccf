"""What is known of how a version is watched, what befell it, and who promoted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from driftwheel.monitors.monitor import Severity
from driftwheel.performance.figure import Figure
from driftwheel.performance.gate_rule import GateRule
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = [
    "IncidentFacts",
    "MonitorFacts",
    "MonitoringFacts",
    "PromotionFacts",
    "RetrainingFacts",
    "SliceFacts",
    "TurnFacts",
]


@dataclass(frozen=True, slots=True)
class MonitorFacts:
    """A monitor: its rule as text, what it watches in words, and after how many windows it fires."""

    name: str
    severity: Severity
    rule: str
    watches: str
    breaches: int
    of_windows: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class MonitoringFacts:
    """How the model is watched.

    Attributes
    ----------
    reference
        What its images are compared with, in words; empty: there is no reference.
    reference_images
        Images that it was measured on, where that is known.
    reference_made, reference_by
        When and by whom.
    false_alarms_per_year
        That the drift tests together may raise, on images that did not drift.
    """

    reference: str
    reference_images: int | None
    reference_made: datetime | None
    reference_by: str
    false_alarms_per_year: float
    monitors: tuple[MonitorFacts, ...]


@dataclass(frozen=True, slots=True)
class RetrainingFacts:
    """When another version is made, and what it must show.

    Attributes
    ----------
    policy
        ``ask``: a person promotes what the gate lets in. ``promote``: it is promoted by itself.
    gates
        Whether versions that were trained go to the gate by themselves.
    rhythm
        The suggested rhythm of retraining, in a sentence; empty where none was looked for.
    """

    policy: str
    gates: bool
    rule: GateRule
    wheel: WheelPolicy | None
    rhythm: str


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """A turn of the wheel: why it began, how it ended, what it cost; `outcome` is empty while it is open."""

    number: int
    cause: str
    begun: datetime
    ended: datetime | None
    outcome: str
    reason: str
    labels: int
    role: str


@dataclass(frozen=True, slots=True)
class PromotionFacts:
    """A change of champion with the version in it; `before` is None for the first, `gate` without one."""

    version: str
    before: str | None
    kind: str
    time: datetime
    by: str
    reason: str
    gate: int | None


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """An alert.

    Attributes
    ----------
    monitor, severity
        As they were when it began.
    segment
        ``tag = value``; empty for the whole model.
    began, last
        Start of the first window in breach and end of the last (event time).
    fired, ended
        Clock times; `ended` is None while it is open.
    wrong, cause, harm
        What its message says, in a sentence each; may be empty.
    state, reason
        How it ended: ``resolved`` by itself, ``closed``, with the reason.
    acknowledged_by, note
        Who took it, and with which words.
    """

    alert: int
    monitor: str
    severity: Severity
    segment: str
    began: datetime
    last: datetime
    fired: datetime
    ended: datetime | None
    wrong: str
    cause: str
    harm: str
    state: str
    reason: str
    acknowledged_by: str
    note: str


@dataclass(frozen=True, slots=True)
class SliceFacts:
    """A slice of failure among labels of since…until; see `driftwheel.performance.failure_slices`."""

    words: str
    labels: int
    wrong: int
    accuracy: Figure
    rest: Figure
    p_value: float
    since: datetime | None
    until: datetime | None
