"""The profile of a window: of its records, of those that retention deleted, of profiles from the edge.

It depends on what was logged and on nothing else: not on the order it came in, not on what came twice, not on
how often the profile was made before. Records are summed up by time and id, in chunks of a fixed size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import islice

import numpy as np

from driftwheel.errors import IncomparableError
from driftwheel.profiles import Profile, empty_profile, merge, profile_records
from driftwheel.records import Records
from driftwheel.services.packed_records import in_order, records_of
from driftwheel.store.record_state import RecordState
from driftwheel.store.stored_record import StoredRecord

__all__ = ["WHOLE", "Segment", "in_space", "main_space", "profiles_of_records", "together"]

Segment = tuple[str, str]
"""A tag and its value."""

WHOLE: Segment = ("", "")
"""The whole model."""

_CHUNK = 4096
_DONE = frozenset({RecordState.MEASURED, RecordState.REJECTED})


@dataclass(slots=True)
class _Sum:
    profile: Profile
    last_hash: int | None = field(default=None)

    def add(self, rows: Sequence[StoredRecord], space: str | None) -> None:
        table, self.last_hash = records_of(rows, space=space, before=self.last_hash)
        self.profile = merge([self.profile, profile_records(_embedded(table))])


def profiles_of_records(
    rows: Iterator[StoredRecord], segments: Iterable[Segment], space: str | None
) -> dict[Segment, Profile]:
    """Return the profile of the measured and rejected records of each segment.

    Parameters
    ----------
    rows
        By time, each once.
    segments
        `WHOLE` may be among them.
    space
        Whose embeddings are summed up; records with embeddings in another count without them.
    """
    sums = {segment: _Sum(empty_profile(embedder=space)) for segment in segments}
    done = (row for row in in_order(rows) if row.state in _DONE)
    while chunk := list(islice(done, _CHUNK)):
        for (tag, value), one in sums.items():
            its = chunk if not tag else [row for row in chunk if row.tags.get(tag) == value]
            if its:
                one.add(its, space)
    return {segment: one.profile for segment, one in sums.items()}


def main_space(records: Mapping[str, int], others: Iterable[Profile]) -> str | None:
    """Return the space that most embeddings of a window are in, the first by name of several; or None.

    Parameters
    ----------
    records
        Space → number of records with an embedding in it.
    others
        Profiles that are to be summed up with the records.
    """
    counts = Counter(dict(records))
    for profile in others:
        if profile.embeddings is not None and profile.embedder is not None:
            counts[_space_of(profile)] += profile.embeddings.count
    return min(counts, key=lambda space: (-counts[space], space), default=None)


def in_space(profile: Profile, space: str | None) -> Profile:
    """Return a profile as one made in `space`: without its embeddings, where they are in another."""
    if profile.embedder == space and (profile.embeddings is None or profile.embeddings.projection is None):
        return profile
    moments = profile.embeddings
    if moments is not None and _space_of(profile) == space:
        return replace(profile, embedder=space, embeddings=replace(moments, projection=None))
    return replace(profile, embedder=space, embeddings=None)


def together(first: Profile, others: Iterable[Profile]) -> tuple[Profile, int]:
    """Return the profile of all, in the order given, and how many of `others` could not take part.

    Those could not that were made in fast mode or by a release with other properties.
    """
    left_out = 0

    def add(one: Profile, other: Profile) -> Profile:
        nonlocal left_out
        try:
            return merge([one, in_space(other, one.embedder)])
        except IncomparableError:
            left_out += 1
            return one

    return reduce(add, others, first), left_out


def _space_of(profile: Profile) -> str:
    moments = profile.embeddings
    projection = None if moments is None else moments.projection
    return str(profile.embedder) if projection is None else f"{profile.embedder}/{projection.id}"


def _embedded(table: Records) -> Records:
    """Leave out the rows without an embedding, for the moments."""
    if table.embeddings is None:
        return table
    known = ~np.isnan(table.embeddings).any(axis=1)
    return replace(table, embeddings=table.embeddings[known] if known.any() else None)
