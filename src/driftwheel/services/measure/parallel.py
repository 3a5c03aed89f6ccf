"""Do a piece of work for every task on all processors, and yield what comes of it in order.

Little work is done in threads. More is done in processes: measuring an image is a hundred short calls that
each let go of Python's lock and want it back, so that two threads on small images are no faster than one,
while two processes are.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

import cv2

from driftwheel.errors import DriftwheelError

__all__ = ["default_threads", "map_in_order"]

Task = TypeVar("Task")
Result = TypeVar("Result")

_IDLE_SECONDS = 30  # after which unused processes end; until then the next call finds them warm
_ONE_EACH = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def default_threads() -> int:
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def map_in_order(
    work: Callable[[Task], Result], tasks: Iterable[Task], *, threads: int | None, few: int
) -> Iterator[Result]:
    """Yield ``work(task)`` of every task in order, taking only a few tasks more than are being worked on.

    Parameters
    ----------
    work
        A function, or a `functools.partial` of one, that can be sent to another process.
    tasks
        Values that can be sent to another process; read in the calling thread.
    threads
        How many tasks are worked on at once, None for as many as there are processors; 1 does all in the
        calling thread.
    few
        The first so many are done in threads, all others in processes.

    Raises
    ------
    DriftwheelError
        When a process ends before its work is done. What `work` raises comes through.
    """
    at_once = default_threads() if threads is None else threads
    rest = iter(tasks)
    if at_once == 1:
        yield from map(work, rest)
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="driftwheel") as pool:
        yield from _in_flight(pool, work, islice(rest, few), at_once + 2)
    more = list(islice(rest, 1))  # no process is started for nothing
    if more:
        yield from _in_processes(work, chain(more, rest), at_once)


def _in_processes(work: Callable[[Task], Result], tasks: Iterable[Task], threads: int) -> Iterator[Result]:
    from loky import get_reusable_executor
    from loky.process_executor import TerminatedWorkerError

    # It has been idle, ends as work comes, and another takes its place: nothing that anybody need be told.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
    pool = get_reusable_executor(threads, timeout=_IDLE_SECONDS, initializer=_start, env=_ONE_EACH)
    with _deaf_to_interruption():
        pool.submit(_nothing)  # starts the processes
    try:
        yield from _in_flight(pool, work, tasks, 2 * threads + 2)
    except TerminatedWorkerError as error:
        raise DriftwheelError(
            "A process that measured images was ended from outside, most likely for want of memory. "
            "With one thread (--threads 1) all images are measured one by one in a single process."
        ) from error


def _start() -> None:
    """Make a process ready: it computes on one core, and leaves an interruption to the process it serves."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def _nothing() -> None:
    """Do nothing."""


@contextmanager
def _deaf_to_interruption() -> Iterator[None]:
    """Hold back Ctrl-C: processes started meanwhile never get it, not even before `_start` ran in them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_flight(
    pool: Executor, work: Callable[[Task], Result], tasks: Iterable[Task], most: int
) -> Iterator[Result]:
    pending: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            pending.append(pool.submit(work, task))
            if len(pending) >= most:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()
