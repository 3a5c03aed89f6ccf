"""Pick images: read a few images of a source again, by name."""

from __future__ import annotations

from collections.abc import Collection

from driftwheel.records import Image
from driftwheel.sources import Source

__all__ = ["pick_images"]


def pick_images(source: Source, names: Collection[str]) -> dict[str, Image]:
    """Return the named images that `source` still yields, by name; those it no longer yields are missing.

    The others are not read. A source made from an iterator yields none.

    Examples
    --------
    >>> from driftwheel.sources import open_source
    >>> source = open_source([Image("a", b"1"), Image("b", b"2"), Image("c", b"3")])
    >>> list(pick_images(source, {"c", "a", "x"}))
    ['a', 'c']
    """
    return {item.name: item for item in source.only(names) if isinstance(item, Image)}
