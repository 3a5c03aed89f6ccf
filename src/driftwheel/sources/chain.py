"""A chain: several listings as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from driftwheel.records import Unreadable
from driftwheel.sources.listing import Found, Listing, Wanted

__all__ = ["chain"]


def chain(describe: str, parts: Sequence[tuple[str, Listing]]) -> Listing:
    """Return `parts` one after the other, names behind the part's own and a ``/``, all in order of name."""
    ordered = sorted(parts, key=lambda part: part[0] + "/")

    def read(wanted: Wanted) -> Iterator[Found]:
        for prefix, part in ordered:
            for item in part.read(lambda name, prefix=prefix: wanted(f"{prefix}/{name}")):  # type: ignore[misc]
                if item is None:
                    yield None
                elif isinstance(item, Unreadable):
                    yield replace(item, image=f"{prefix}/{item.image}")
                else:
                    yield replace(item, name=f"{prefix}/{item.name}")

    counts = [part.count for _, part in ordered]
    total = None if None in counts else sum(count for count in counts if count is not None)
    return Listing(describe, total, sum(part.skipped for _, part in ordered), read)
