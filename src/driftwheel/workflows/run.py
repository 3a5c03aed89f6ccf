"""Start and stop the worker of this process: DBOS, its schedules, and the rounds."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.measure.measurers import Measurers
from driftwheel.store.engine.named_lock import NamedLock
from driftwheel.store.files.blobs import Blobs
from driftwheel.workflows.executor import take_number
from driftwheel.workflows.idle import is_idle
from driftwheel.workflows.json_serializer import JsonSerializer
from driftwheel.workflows.reference import follow
from driftwheel.workflows.retention import retention, sweep
from driftwheel.workflows.rounds import Rounds
from driftwheel.workflows.worker import Worker, install

__all__ = ["Addresses", "is_running", "start", "stop", "wait_until_idle"]

_VERSION = "1"  # of the steps of our workflows: those that a killed worker left go on under the same one only
_STOP_SECONDS = 60.0
_IDLE_LOOKS = 3  # in a row

_RETENTION = "17 * * * *"  # every hour
_SWEEP = "37 3 * * *"  # every day
_FOLLOW = "7 0 * * *"  # every day, when the windows of the last one are over


class Addresses(Protocol):
    """What the worker reads of the settings."""

    @property
    def system_database_url(self) -> str:
        """Where DBOS keeps its workflows."""
        ...

    @property
    def settle_seconds(self) -> float:
        """How long ago the last record of a window must have come before it is judged."""
        ...

    @property
    def max_image_bytes(self) -> int:
        """Largest image file that is taken."""
        ...

    @property
    def max_image_pixels(self) -> int:
        """Most pixels of an image."""
        ...

    @property
    def link_base(self) -> str | None:
        """Where people reach the pages; None where nothing says."""
        ...

    @property
    def allow_private_channels(self) -> bool:
        """Whether channels may reach private networks and this machine."""
        ...

    @property
    def message_days(self) -> int:
        """How long messages are kept."""
        ...

    @property
    def history_days(self) -> int:
        """How long evaluations are kept, and what ended alerts said."""
        ...

    @property
    def training_commands(self) -> bool:
        """Whether trainings may run commands of people's own."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    worker: Worker
    rounds: Rounds
    lock: NamedLock


_running: list[_Running] = []
_lock = threading.Lock()


def start(
    settings: Addresses,
    engine: Engine,
    blobs: Blobs,
    *,
    threads: int | None = None,
    summary_share: float = 0.1,
) -> None:
    """Start the worker of this process; it measures, sums up, judges, tells and keeps order until `stop`.

    Workflows that a killed worker left half done go on. On PostgreSQL any number of processes may have a
    worker, on SQLite one.

    Parameters
    ----------
    threads
        Images measured at once, by default as many as there are processors.
    summary_share
        Share of the time that summing up may take; 1 sums up once all records are measured.

    Raises
    ------
    UsageError
        When this process has a worker, or the SQLite database has one elsewhere.
    """
    with _lock:
        if _running:
            raise UsageError("This process has a worker already; stop it first.")
        name, lock = take_number(engine)
        worker = Worker(
            engine,
            blobs,
            Measurers(blobs),
            threads,
            settle=timedelta(seconds=settings.settle_seconds),
            public_url=settings.link_base,
            allow_private_channels=settings.allow_private_channels,
            message_days=settings.message_days,
            history_days=settings.history_days,
            max_image_bytes=settings.max_image_bytes,
            max_image_pixels=settings.max_image_pixels,
            training_commands=settings.training_commands,
        )
        try:
            install(worker)
            _launch(settings.system_database_url, name)
        except BaseException:
            DBOS.destroy()
            install(None)
            lock.give_back()
            raise
        rounds = Rounds(worker, name, summary_share)
        rounds.start()
        _running.append(_Running(worker, rounds, lock))


def stop() -> None:
    """Stop the worker of this process, if it has one: steps under way are finished, workflows go on later."""
    with _lock:
        if not _running:
            return
        running = _running.pop()
        running.worker.stopping.set()
        running.worker.wait_for_steps(_STOP_SECONDS)
        running.rounds.join(_STOP_SECONDS)
        DBOS.destroy()
        install(None)
        running.lock.give_back()


def is_running() -> bool:
    """Return whether this process has a worker."""
    return bool(_running)


def wait_until_idle(seconds: float) -> bool:
    """Wait until nothing waits for the worker any more, at most so long; return whether that came."""
    deadline = time.monotonic() + seconds
    looks = 0
    while looks < _IDLE_LOOKS:
        if time.monotonic() > deadline or not _running:
            return False
        looks = looks + 1 if is_idle(_running[0].rounds) else 0
        time.sleep(0.1)
    return True


def _launch(url: str, name: str) -> None:
    config: DBOSConfig = {
        "name": "driftwheel",
        "system_database_url": url,
        "application_version": _VERSION,
        "executor_id": name,
        "serializer": JsonSerializer(),
        "log_level": "ERROR",
        "enable_otlp": False,
        "max_executor_threads": 16,
        "sys_db_pool_size": 5,
    }
    _log_to_stderr()
    DBOS(config=config)
    DBOS.launch()
    DBOS.apply_schedules(
        [
            {"schedule_name": "retention", "workflow_fn": retention, "schedule": _RETENTION},
            {"schedule_name": "sweep", "workflow_fn": sweep, "schedule": _SWEEP},
            {"schedule_name": "follow", "workflow_fn": follow, "schedule": _FOLLOW},
        ]
    )


def _log_to_stderr() -> None:
    """Let errors of DBOS go where Python's own would, and nothing else: it would keep hold of a stream."""
    logger = logging.getLogger("dbos")
    if not logger.handlers and logging.lastResort is not None:
        logger.addHandler(logging.lastResort)
        logger.propagate = False
