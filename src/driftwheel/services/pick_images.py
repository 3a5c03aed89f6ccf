"""Pick images: read a few images of a source again, by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from driftwheel.records import Image, Unreadable

__all__ = ["pick_images"]


def pick_images(source: Iterable[Image | Unreadable], names: Collection[str]) -> dict[str, Image]:
    """Return the named images that `source` still yields, by name; those it no longer yields are missing.

    Reading stops at the last one wanted. A source that can be read only once yields none.

    Examples
    --------
    >>> import numpy as np
    >>> source = [Image("a", b"1"), Image("b", b"2"), Image("c", b"3")]
    >>> list(pick_images(source, {"c", "a", "x"}))
    ['a', 'c']
    """
    wanted = set(names)
    found: dict[str, Image] = {}
    for item in source:
        if not wanted:
            break
        if isinstance(item, Image) and item.name in wanted:
            found[item.name] = item
            wanted.discard(item.name)
    return found
