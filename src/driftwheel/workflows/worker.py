"""The worker of this process: what every workflow works on, and whether it is to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.store.files.blobs import Blobs

__all__ = ["StoppingError", "Worker", "current", "install"]


class StoppingError(BaseException):
    """The worker stops: the workflow ends here, and goes on from its last step when a worker starts again.

    It is no `Exception`: DBOS must not take it for the workflow's result.
    """


@dataclass(slots=True, eq=False)
class Worker:
    """What a worker has; one for a process.

    Attributes
    ----------
    threads
        Images measured at once; None for as many as there are processors.
    measuring
        Held by the one burst of this process that measures.
    stopping
        Set when the worker is to stop.
    settle
        How long ago the last record of a window must have come before it is judged.
    public_url
        Where people reach the pages; None: messages have no links.
    allow_private_channels
        Let channels reach private networks and this machine.
    message_days, history_days
        How long history is kept, see `driftwheel.services.operate.forget_history`.
    max_image_bytes, max_image_pixels
        Of an image that comes along with labels.
    training_commands
        Whether trainings may run commands of people's own.
    references
        At hand, for windows to be held against.
    """

    engine: Engine
    blobs: Blobs
    measurers: Measurers
    threads: int | None = None
    measuring: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)
    settle: timedelta = timedelta(seconds=10)
    public_url: str | None = None
    allow_private_channels: bool = False
    message_days: int = 90
    history_days: int = 400
    max_image_bytes: int = 32 << 20
    max_image_pixels: int = 100_000_000
    training_commands: bool = False
    references: KnownReferences = field(init=False)
    _busy: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.references = KnownReferences(self.blobs)

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Stay counted as busy; raise `StoppingError` instead when the worker stops."""
        with self._changed:
            if self.stopping.is_set():
                raise StoppingError
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    @property
    def busy(self) -> int:
        """Steps that are under way."""
        return self._busy

    def wait_for_steps(self, seconds: float) -> bool:
        """Wait until no step is under way, at most so long; return whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy == 0, seconds)


_installed: list[Worker] = []


def install(worker: Worker | None) -> None:
    """Make `worker` the one of this process, or none."""
    _installed[:] = [] if worker is None else [worker]


def current() -> Worker:
    """Return the worker of this process; raise `UsageError` where none was started."""
    if not _installed:
        raise UsageError("No worker runs in this process; start one with driftwheel.workflows.run.start().")
    return _installed[0]
