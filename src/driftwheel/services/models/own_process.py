"""Do a long piece of work in a process of its own, which gives way to others and can be ended at any time."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from driftwheel.errors import DriftwheelError

__all__ = ["in_own_process"]

Result = TypeVar("Result")

_LOOK_SECONDS = 0.5
_NICE = 10
_PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}  # threads that wait for each other let go of their processors


def in_own_process(
    work: Callable[[], Result], *, what: str, look: Callable[[], None], most_bytes: int | None = None
) -> Result:
    """Return what `work` returns, done in a new process; its memory is free again afterwards.

    The process ends when this one does, however that comes about.

    Parameters
    ----------
    work
        A `functools.partial` or a function that can be sent to another process; what it raises comes
        through.
    what
        What is done, for the message when the process ends before its time: "trained the autoencoder".
    look
        Called twice a second; what it raises ends the process and comes through.
    most_bytes
        Of memory that the process may have, where the system (Linux) can see to that; more is a
        `MemoryError`, or what the library makes of it.

    Raises
    ------
    DriftwheelError
        When the process was ended from outside.
    """
    from loky import ProcessPoolExecutor
    from loky.process_executor import TerminatedWorkerError

    pool = ProcessPoolExecutor(1, initializer=_start, initargs=(os.getpid(), most_bytes), env=_PATIENT)
    try:
        future: Future[Result] = pool.submit(work)
        while not future.done():
            look()
            with suppress(TimeoutError):
                return future.result(_LOOK_SECONDS)
        return future.result()
    except TerminatedWorkerError as error:
        raise DriftwheelError(
            f"The process that {what} was ended from outside, most likely for want of memory."
        ) from error
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _start(parent: int, most_bytes: int | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(_NICE)
    if most_bytes is not None and sys.platform == "linux":
        _limit_memory(most_bytes)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _limit_memory(most_bytes: int) -> None:
    """Let this process have no more memory; of what is mapped and never written to, nothing counts."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _end_with(parent: int) -> None:
    """End this process once the one that it works for is gone."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
