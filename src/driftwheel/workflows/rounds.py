"""The rounds of a worker: threads that look whether there is work, and do it as workflows.

Records, windows, references, wishes for backfills and messages are rows that say themselves whether they
wait. So nothing is ever enqueued beside them: a round looks at the rows, starts a workflow, and forgets it
when it is done.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from dbos import DBOS

from driftwheel.workflows.executor import dead_workers
from driftwheel.workflows.model_rounds import ModelRounds
from driftwheel.workflows.passing import forget_old
from driftwheel.workflows.people_rounds import PeopleRounds
from driftwheel.workflows.window_rounds import WindowRounds
from driftwheel.workflows.worker import StoppingError, Worker

__all__ = ["Rounds"]

_LOOK_SECONDS = 0.3
_AFTER_ERROR_SECONDS = 5.0
_RECOVER_SECONDS = 15.0
_REMEMBERED = timedelta(days=1)
_log = logging.getLogger("driftwheel.worker")


@dataclass(slots=True, eq=False)
class Rounds:
    """The threads of one worker, one for each look.

    Attributes
    ----------
    worker
        Whom they work for.
    name
        The worker's, see `driftwheel.workflows.executor`.
    summary_share
        See `driftwheel.workflows.window_rounds`.
    """

    worker: Worker
    name: str
    summary_share: float = 0.1
    _windows: WindowRounds = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)
    _recovery_due: float = 0.0

    def __post_init__(self) -> None:
        self._windows = WindowRounds(self.worker, self.summary_share)

    def start(self) -> None:
        """Start the threads."""
        looks = (
            *self._windows.looks(),
            *PeopleRounds(self.worker).looks(),
            *ModelRounds(self.worker).looks(),
            ("recover", self._recover),
        )
        for what, look in looks:
            thread = threading.Thread(
                target=self._go_round, args=(look,), name=f"driftwheel-{what}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def join(self, seconds: float) -> None:
        """Wait until the threads have ended; `Worker.stopping` must be set."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def left(self) -> int:
        """Records that the last measuring round could not measure."""
        return self._windows.left

    @property
    def is_stuck(self) -> bool:
        """Whether the last judging round could not judge any of what was due."""
        return self._windows.is_stuck

    def _go_round(self, look: Callable[[], bool]) -> None:
        stopping = self.worker.stopping
        while not stopping.is_set():
            pause = _LOOK_SECONDS
            try:
                if look():
                    pause = 0.0
            except StoppingError:
                return
            except Exception:  # a thread must outlive a full disk and a database that restarts
                if stopping.is_set():
                    return
                _log.exception("A round of the worker failed; it goes on in %g s.", _AFTER_ERROR_SECONDS)
                pause = _AFTER_ERROR_SECONDS
            stopping.wait(pause)

    def _recover(self) -> bool:
        """Let the workflows of workers that are no more go on here."""
        if time.monotonic() < self._recovery_due:
            return False
        self._recovery_due = time.monotonic() + _RECOVER_SECONDS
        forget_old(self.worker.now() - _REMEMBERED)
        if self.worker.engine.dialect.name != "postgresql":
            return False
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        owners = {one.executor_id for one in pending if one.executor_id not in {None, self.name}}
        for name, lock in dead_workers(self.worker.engine, [owner for owner in owners if owner]):
            try:
                DBOS.resume_workflows([one.workflow_id for one in pending if one.executor_id == name])
            finally:
                lock.give_back()
        return False
