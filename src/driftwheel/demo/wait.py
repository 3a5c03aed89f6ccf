"""Wait for something that a server does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from driftwheel.errors import DriftwheelError

__all__ = ["wait_until"]

_LOOK_SECONDS = 0.3


def wait_until(look: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Wait until `look` returns true; raise `DriftwheelError` with `otherwise` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise DriftwheelError(f"{otherwise}, after {seconds:.0f} s.")
        time.sleep(_LOOK_SECONDS)
