"""The rounds of records and windows: measured, summed up, judged, and how right the answers were."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from driftwheel.store.engine.database import reading
from driftwheel.store.models.failure_slices import asked_slices
from driftwheel.store.records.records import count_received, next_received
from driftwheel.store.windows.due_windows import due_windows
from driftwheel.store.windows.performance_due import due_performance
from driftwheel.store.windows.windows import is_any_stale, stale_windows
from driftwheel.workflows.alone import alone
from driftwheel.workflows.judge import judge
from driftwheel.workflows.measure import measure
from driftwheel.workflows.passing import once, run_passing
from driftwheel.workflows.performance import performance
from driftwheel.workflows.summarise import summarise
from driftwheel.workflows.worker import Worker

__all__ = ["WindowRounds"]

_STUCK_SECONDS = 2.0
_JUST_ENDED = timedelta(minutes=10)


@dataclass(slots=True, eq=False)
class WindowRounds:
    """The looks of one worker at records and windows.

    Attributes
    ----------
    worker
        Whom they work for.
    summary_share
        Share of the time that summing up may take while more records come, but for windows that have just
        ended; 1 to sum up at once.
    left
        Records that the last measuring round could not measure.
    is_stuck
        Whether the last judging round could not judge any of what was due.
    """

    worker: Worker
    summary_share: float
    left: int = 0
    is_stuck: bool = False
    _summary_due: float = 0.0
    _closing_due: float = 0.0
    _performance_due: float = 0.0

    def looks(self) -> tuple[tuple[str, Callable[[], bool]], ...]:
        """Return what a thread each looks at: its name, and the look, which says whether there is more."""
        return (
            ("measure", self._measure),
            ("summarise", self._summarise),
            ("performance", self._performance),
            ("judge", self._judge),
        )

    def _measure(self) -> bool:
        with reading(self.worker.engine) as connection:
            if not next_received(connection, 0, 1):
                self.left = 0
                return False
        done = run_passing(once("measure"), measure)
        self.left = done["left"]
        if done["taken"] > done["left"]:
            return True
        self.worker.stopping.wait(_STUCK_SECONDS)  # none of those that wait can be measured now
        return False

    def _summarise(self) -> bool:
        if time.monotonic() < self._summary_due and not self._has_just_ended():
            return False
        with reading(self.worker.engine) as connection:
            if not stale_windows(connection, limit=1):
                return False
            if self.summary_share >= 1.0 and count_received(connection) > self.left:
                return False  # all at once, at the end
        begun = time.monotonic()
        if alone(self.worker.engine, "summarise", once("summarise"), summarise) is None:
            return False
        took = time.monotonic() - begun
        self._closing_due = time.monotonic() + 2.0 * took
        self._summary_due = time.monotonic() + took * (1.0 / self.summary_share - 1.0)
        return False

    def _has_just_ended(self) -> bool:
        """Return whether a window that ended a moment ago waits: people are to be told of it soon."""
        if time.monotonic() < self._closing_due:
            return False
        now = self.worker.now()
        with reading(self.worker.engine) as connection:
            return is_any_stale(connection, now - _JUST_ENDED, now)

    def _performance(self) -> bool:
        if time.monotonic() < self._performance_due:
            return False
        with reading(self.worker.engine) as connection:
            if not (due_performance(connection, limit=1) or asked_slices(connection)):
                return False
        begun = time.monotonic()
        alone(self.worker.engine, "performance", once("performance"), performance)
        took = time.monotonic() - begun
        self._performance_due = time.monotonic() + took * (1.0 / self.summary_share - 1.0)
        return False

    def _judge(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            if not due_windows(connection, worker.now(), worker.settle, limit=1):
                return False
        done = alone(self.worker.engine, "judge", once("judge"), judge)
        if done is None:
            return False
        self.is_stuck = not done["windows"] and done["failed"] > 0
        if self.is_stuck:
            worker.stopping.wait(_STUCK_SECONDS)  # none of those that are due can be judged now
        return bool(done["windows"])
