"""What the triggers of a wheel look at: alerts, measured accuracy, labels, time, and the turns so far."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from driftwheel.monitors.monitor import Severity
from driftwheel.monitors.signal import SIGNALS
from driftwheel.performance.figure import NOTHING, Figure
from driftwheel.wheel.budget import PastTurn

__all__ = ["AlertSeen", "WheelFacts", "tells_of_drift"]

_ABOUT_DRIFT: Final = frozenset(
    {
        "drift",
        "evidence",
        "reconstruction",
        "prediction_mix",
        "confidence",
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "area_under_roc",
        "log_loss",
        "calibration_error",
        "estimated_accuracy",
        "accuracy_by_agreement",
        "feedback_share",
    }
    | {one.name for one in SIGNALS if one.kind == "effect"}
)


def tells_of_drift(signals: Collection[str]) -> bool:
    """Return whether an alert on these signals says that the images changed, or the model got worse.

    A camera that is silent, files that cannot be read, an inference that is slow: no labels help there.

    Examples
    --------
    >>> tells_of_drift(["drift"]), tells_of_drift(["property.brightness"]), tells_of_drift(["silence"])
    (True, True, False)
    """
    return any(one in _ABOUT_DRIFT for one in signals)


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """An alert that has fired and is open.

    Attributes
    ----------
    key
        Of its episode.
    name
        Of its monitor.
    segment
        As ``camera=2``; empty: the whole model.
    fired
        When it did, UTC.
    firing
        Whether it is in breach still, and not about to be resolved.
    of_drift
        Whether labels can help, see `tells_of_drift`.
    acknowledged_by
        Who has it in hand; empty: nobody.
    snoozed_until
        UTC; None: it is not snoozed now.
    explained
        Whether another open alert explains it.
    began
        Start of the first window in breach (event time, UTC); None: as it fired.
    """

    key: int
    name: str
    segment: str
    severity: Severity
    fired: datetime
    firing: bool = True
    of_drift: bool = True
    acknowledged_by: str = ""
    snoozed_until: datetime | None = None
    explained: bool = False
    began: datetime | None = None

    @property
    def title(self) -> str:
        """What it is, as people name it."""
        return f"'{self.name}'" + (f" on {self.segment}" if self.segment else "")


@dataclass(frozen=True, slots=True)
class WheelFacts:
    """What is known of a model at a moment.

    Attributes
    ----------
    now
        UTC, as all times are.
    alerts
        Open ones, the oldest first.
    accuracy
        Of the champion, measured from `accuracy_since` on.
    labelled
        Images labelled from `labelled_since` on.
    champion_since
        When the champion became it; None: there is none.
    turns
        Those of the last 30 days at least, and the last one, in order.
    obstacle
        Why no turn can begin whatever the policy says, a sentence; empty: one can.
    """

    now: datetime
    alerts: tuple[AlertSeen, ...] = ()
    accuracy: Figure = field(default=NOTHING)
    accuracy_since: datetime | None = None
    labelled: int = 0
    labelled_since: datetime | None = None
    champion_since: datetime | None = None
    turns: tuple[PastTurn, ...] = ()
    obstacle: str = ""

    @property
    def last_turn(self) -> PastTurn | None:
        """The newest turn."""
        return self.turns[-1] if self.turns else None
