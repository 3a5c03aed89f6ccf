"""The desk that predictions wait at: so many at once, so many waiting, and no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from driftwheel.errors import QueueFullError
from driftwheel.learning.processors import processors

__all__ = ["PredictionDesk"]

Result = TypeVar("Result")


class PredictionDesk:
    """Computes as many predictions at once as there are processors, and bounds how many are under way.

    Parameters
    ----------
    most
        Predictions under way in all: computed, waiting for that, or waiting for the disk.
    threads
        That compute; by default as many as there are processors.
    """

    def __init__(self, most: int, *, threads: int | None = None) -> None:
        self._most = most
        self._under_way = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads or processors(), thread_name_prefix="driftwheel-predict")

    @property
    def under_way(self) -> int:
        """Predictions under way."""
        return self._under_way

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place of those there are.

        Raises
        ------
        QueueFullError
            When all are taken.
        """
        with self._lock:
            if self._under_way >= self._most:
                raise QueueFullError(
                    f"{self._under_way} predictions are under way, and no more are taken at once. Send this "
                    "one again in a moment."
                )
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def compute(self, work: Callable[[], Result]) -> Future[Result]:
        """Have something computed when its turn comes."""
        return self._pool.submit(work)

    def close(self) -> None:
        """Take no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
