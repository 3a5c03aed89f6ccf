"""How services tell of their progress."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["OnProgress", "counting"]

OnProgress = Callable[[str, int, int | None], None]
"""Called with a stage's name, the number of items newly done and the number in all, None when unknown."""


def counting(on_progress: OnProgress | None, stage: str, count: int | None) -> Callable[[int], None] | None:
    """Return what tells `on_progress` of items newly done in one stage of `count` items; None for None."""
    if on_progress is None:
        return None
    return lambda done: on_progress(stage, done, count)
