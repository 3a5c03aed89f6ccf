"""What requests say of monitors, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import Severity
from driftwheel.services.alert.replay_monitor import MOST_REPLAYED
from driftwheel.store.alerts.monitors import Origin

__all__ = [
    "EvaluationAnswer",
    "FindingAnswer",
    "MonitorAnswer",
    "MonitorBody",
    "MonitorChangeBody",
    "MonitorDefinition",
    "ReplayAnswer",
    "ReplayBody",
    "ReplayedEpisodeAnswer",
    "ReplayedSegmentAnswer",
    "RevisionAnswer",
    "SegmentResultAnswer",
]

_FORBID = ConfigDict(extra="forbid")
_When = Annotated[
    str,
    Field(
        max_length=2000,
        description="What is not to be.",
        examples=["drift is found", "accuracy below 90 % until 93 % and records above 100"],
    ),
]
_Name = Annotated[str, Field(min_length=1, max_length=128, examples=["dark images"])]
_Tag = Annotated[str, Field(max_length=128)]
_Windows = Annotated[int, Field(ge=1, le=100)]
_LeastN = Annotated[int, Field(ge=1, le=1_000_000)]
_Note = Annotated[str, Field(max_length=2000)]
_SEGMENTS = "Tags whose values are watched one by one, empty for the whole model; null: all of both."


class MonitorDefinition(BaseModel):
    """What is watched, and when it becomes an alert."""

    when: _When
    severity: Severity = "warning"
    segments: list[_Tag] | None = Field(None, max_length=65, description=_SEGMENTS)
    breaches: _Windows = Field(1, description="An alert fires when so many windows are in breach …")
    of_windows: _Windows | None = Field(None, description="… of so many; null: as many as `breaches`.")
    keep_firing_for: _Windows = Field(1, description="It is resolved after so many clear windows in a row.")
    least_n: _LeastN = Field(20, description="With a smaller sample a window is `insufficient`.")
    note: _Note = Field("", description="What whoever is told should know.")


class MonitorBody(MonitorDefinition):
    """A monitor to be added."""

    model_config = _FORBID

    name: _Name


class MonitorChangeBody(BaseModel):
    """What is to change of a monitor; what is left out stays."""

    model_config = _FORBID

    when: _When | None = None
    severity: Severity | None = None
    segments: list[_Tag] | None = Field(None, max_length=65, description=_SEGMENTS)
    breaches: _Windows | None = None
    of_windows: _Windows | None = None
    keep_firing_for: _Windows | None = None
    least_n: _LeastN | None = None
    note: _Note | None = None
    enabled: bool | None = Field(None, description="Off, its alerts are closed.")
    reason: str = Field("", max_length=500, description="Why it is switched off.")


class SegmentResultAnswer(BaseModel):
    """What a monitor said of the newest window of one segment."""

    tag: str = Field(description="Empty for the whole model.")
    value: str
    start: datetime
    end: datetime
    result: Result


class MonitorAnswer(BaseModel):
    """A monitor and how it stands."""

    key: int
    name: str
    when: str
    severity: str
    segments: list[str] | None
    breaches: int
    of_windows: int
    keep_firing_for: int
    least_n: int
    note: str
    enabled: bool
    revision: int = Field(description="Counts up with every change of the definition.")
    origin: Origin
    watch_from: datetime | None = Field(description="Windows that end up to then never page.")
    changed: datetime
    by: str
    wrong: str = Field(description="Why this release cannot read it; empty where it can.")
    last: list[SegmentResultAnswer]
    alerts: list[int] = Field(description="Keys of its open alerts that fired.")


class RevisionAnswer(BaseModel):
    """What a monitor was."""

    revision: int
    definition: dict[str, Any]
    time: datetime
    by: str


class FindingAnswer(BaseModel):
    """What was found for one condition of a rule."""

    signal: str
    value: float | None
    n: int
    comparison: str
    threshold: float | None
    until: float | None
    expected: float | None
    low: float | None
    high: float | None
    p_value: float | None
    result: Result
    note: str


class EvaluationAnswer(SegmentResultAnswer):
    """What a monitor said of one window of one segment."""

    revision: int = Field(description="Of the monitor.")
    cleared: bool = Field(description="It is ok, beyond the clear threshold.")
    findings: list[FindingAnswer]
    time: datetime


class ReplayBody(MonitorDefinition):
    """A monitor to try on past windows; nothing is saved."""

    model_config = _FORBID

    name: _Name = "replay"
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class ReplayedEpisodeAnswer(BaseModel):
    """An alert that would have fired."""

    began: datetime
    fired: datetime | None
    last_breach: datetime
    ended: datetime | None


class ReplayedSegmentAnswer(BaseModel):
    """What would have been in one segment."""

    tag: str
    value: str
    results: dict[Result, int] = Field(description="How many windows have each result.")
    breaches: list[datetime] = Field(description="Starts of the windows in breach.")
    alerts: list[ReplayedEpisodeAnswer]


class ReplayAnswer(BaseModel):
    """How often a monitor would have fired."""

    windows: int = Field(description="Spans of time that were gone through.")
    since: datetime | None = Field(
        description=f"Start of the first of them: of all segments together, the newest {MOST_REPLAYED:,} "
        "windows are gone through."
    )
    fired: int
    segments: list[ReplayedSegmentAnswer]
