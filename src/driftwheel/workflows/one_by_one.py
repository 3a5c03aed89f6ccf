"""Work for one after another, so that one that fails keeps no other waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["one_by_one"]

Item = TypeVar("Item")


def one_by_one(items: Iterable[Item], work: Callable[[Item], object]) -> None:
    """Work for each; what fails is raised when all have had their turn, the first as it is.

    Raises
    ------
    Exception
        What the first raised that failed; those after it are noted with it.
    """
    failed: list[Exception] = []
    for one in items:
        try:
            work(one)
        except Exception as error:
            failed.append(error)
    if failed:
        for other in failed[1:]:
            failed[0].add_note(f"Another failed, too: {type(other).__name__}: {other}")
        raise failed[0]
