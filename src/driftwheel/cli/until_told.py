"""Run until somebody says that it is enough."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["until_told"]


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """Yield what is set by Ctrl+C or SIGTERM."""
    told = threading.Event()
    known = {
        one: signal.signal(one, lambda _number, _frame: told.set()) for one in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield told
    finally:
        for one, handler in known.items():
            signal.signal(one, handler)
