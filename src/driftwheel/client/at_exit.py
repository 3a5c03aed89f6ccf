"""What is called when the process ends, however it was started."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable

__all__ = ["at_exit", "not_at_exit"]


def at_exit(owner: object, close: Callable[[], None]) -> None:
    """Have `close` called when this process ends in order; it may be called twice.

    The children of multiprocessing leave atexit out: there it is a finalizer of `owner`.
    """
    atexit.register(close)
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(owner, close, exitpriority=0)


def not_at_exit(close: Callable[[], None]) -> None:
    """Take that back."""
    atexit.unregister(close)
