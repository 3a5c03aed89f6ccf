"""What a monitor found in one window of one segment: everything an alert is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from driftwheel.alerts.instance import Instance
from driftwheel.alerts.life_cycle import WindowResult
from driftwheel.monitors.evaluate import Evaluation, finding_to_json
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.observation import Observation
from driftwheel.store.alerts.evaluations import NewEvaluation
from driftwheel.store.alerts.monitors import StoredMonitor

__all__ = ["Found"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a monitor found in one window of one segment.

    Attributes
    ----------
    stored, monitor
        The monitor as it is kept, and as its definition reads.
    tag, value
        The segment; both empty for the whole model.
    start, end
        The window.
    evaluation, observations
        What the monitor says, and of which signals.
    headline, document, exemplars
        Of the window's verdict; empty where there is none.
    """

    stored: StoredMonitor
    monitor: Monitor
    tag: str
    value: str
    start: datetime
    end: datetime
    evaluation: Evaluation
    observations: Mapping[str, Observation]
    headline: str = ""
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    exemplars: Sequence[str] = ()

    @property
    def instance(self) -> Instance:
        """Which monitor, on which segment."""
        return Instance(
            self.stored.model, self.stored.key, self.stored.revision, self.monitor, self.tag, self.value
        )

    @property
    def window(self) -> WindowResult:
        """What the life of an alert goes by."""
        return WindowResult(self.start, self.end, self.evaluation.result, self.evaluation.cleared)

    @property
    def strength(self) -> tuple[float, float]:
        """How strong it is, the strongest first: the least p-value, then the largest value."""
        breaches = [one for one in self.evaluation.findings if one.result == "breach"]
        p_value = min((1.0 if one.p_value is None else one.p_value for one in breaches), default=1.0)
        return p_value, -max((abs(one.value or 0.0) for one in breaches), default=0.0)

    def as_evaluation(self, time: datetime) -> NewEvaluation:
        """Return it as it is kept; `time` is when it was found."""
        return NewEvaluation(
            monitor=self.stored.key,
            revision=self.stored.revision,
            start=self.start,
            end=self.end,
            tag=self.tag,
            value=self.value,
            result=self.evaluation.result,
            cleared=self.evaluation.cleared,
            findings=[finding_to_json(one) for one in self.evaluation.findings],
            time=time,
        )
