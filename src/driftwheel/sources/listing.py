"""A listing: the images a source holds, known by name, and a way to read them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from driftwheel.records import Image, Unreadable

__all__ = ["Found", "Listing", "Wanted", "everything", "read_each"]

Found = Image | Unreadable | None
"""What reading one file came to; None for one of unknown extension that turned out to be no image."""

Wanted = Callable[[str], bool]
"""Whether the image of that name is to be read at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """What each kind of source comes down to.

    Attributes
    ----------
    describe
        What was opened, for people.
    count
        How many items `read` yields when all are wanted; None when unknown.
    skipped
        How many files were left out as side files.
    read
        Yields the wanted items in the order of their names, reading each when it is asked for.
    once
        Whether it can be read only once.
    """

    describe: str
    count: int | None
    skipped: int
    read: Callable[[Wanted], Iterator[Found]]
    once: bool = False


def everything(name: str) -> bool:  # noqa: ARG001
    """Want every image."""
    return True


def read_each(names: Sequence[str], read: Callable[[str], Found], wanted: Wanted) -> Iterator[Found]:
    """Yield what `read` makes of every wanted name, in the order given."""
    for name in names:
        if wanted(name):
            yield read(name)
