"""The profile of a window: of its records, of those that retention deleted, of profiles from the edge.

It depends on what was logged and on nothing else: not on the order it came in, not on what came twice, not on
how often the profile was made before. So it is made anew from all records of the window, by time and id, in
blocks of a fixed size. Merging new records into the kept profile would not do: whether an image is like the
one before it changes when a late record comes between the two, and moments of embeddings round, so that the
bytes would tell in which steps the records came.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, reduce

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from driftwheel.errors import IncomparableError
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.profiles import Profile, empty_profile, merge, profile_records
from driftwheel.profiles.embedding_moments import EmbeddingMoments, merge_moments, moments_of
from driftwheel.records import Records, Unreadable
from driftwheel.services.measure.packed_records import (
    fill_near_duplicates,
    measured_rows,
    unpack_all,
    unpack_embeddings,
    unpack_hashes,
    unreadable_of,
)
from driftwheel.store.records.record_columns import RecordColumns

__all__ = ["WHOLE", "Segment", "WindowSums", "in_space", "main_space", "sum_up", "together"]

Segment = tuple[str, str]
"""A tag and its value."""

WHOLE: Segment = ("", "")
"""The whole model."""


@dataclass(slots=True, eq=False)
class _Sum:
    """What is summed up of one segment; embeddings of each space apart."""

    profile: Profile = field(default_factory=empty_profile)
    moments: dict[str, EmbeddingMoments] = field(default_factory=dict)
    last_hash: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WindowSums:
    """The records of one window, summed up.

    Attributes
    ----------
    spaces
        Space → number of records with an embedding in it, of the whole model.
    """

    spaces: Mapping[str, int]
    _of: Mapping[Segment, _Sum]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All that were summed up, sorted."""
        return tuple(sorted(self._of))

    def profile(self, segment: Segment, space: str | None) -> Profile:
        """Return the profile of a segment; records with embeddings in another space count without them."""
        one = self._of[segment]
        return replace(one.profile, embedder=space, embeddings=one.moments.get(space or ""))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Arrays of the measured records of some columns, and the rejected ones."""

    ids: NDArray[np.object_]
    times: NDArray[np.datetime64]
    values: NDArray[np.float32]
    hashes: NDArray[np.uint64]
    known: NDArray[np.bool_]
    embeddings: Mapping[str, tuple[NDArray[np.intp], NDArray[np.float32]]]
    tags: Sequence[Mapping[str, str]]
    unreadable: Sequence[Unreadable]


def sum_up(
    blocks: Iterable[RecordColumns], segments: Iterable[Segment], *, tags: Collection[str] = ()
) -> WindowSums:
    """Sum up the measured and rejected records of each segment.

    Parameters
    ----------
    blocks
        By time and id: whether an image is like the one before it is told along them.
    segments
        `WHOLE` may be among them.
    tags
        Every value of these is a segment as well.
    """
    sums = {segment: _Sum() for segment in segments}
    spaces: Counter[str] = Counter()
    # One thread: more of them round otherwise, and on a busy machine take ten times as long.
    with _threadpools().limit(limits=1, user_api="blas"):
        for columns in blocks:
            block = _block(columns)
            for space, (places, _) in block.embeddings.items():
                spaces[space] += len(places)
            wanted = {tag for tag, _ in sums} | set(tags)
            rows = _rows(block.tags, wanted)
            lost = _rows([one.tags for one in block.unreadable], wanted)
            for segment in sorted(rows.keys() | lost.keys()):
                if segment[0] in tags:
                    sums.setdefault(segment, _Sum())
                if segment in sums:
                    its = np.array(rows.get(segment, ()), np.intp)
                    _add(sums[segment], block, its, lost.get(segment, ()))
    return WindowSums(spaces, sums)


@cache
def _threadpools() -> ThreadpoolController:
    return ThreadpoolController()


def _block(columns: RecordColumns) -> _Block:
    measured = measured_rows(columns)
    packed = [columns.embeddings[i] for i in measured]
    spaces = [columns.spaces[i] for i in measured]
    hashes, known = unpack_hashes([columns.hashes[i] for i in measured])
    return _Block(
        np.array([columns.ids[i] for i in measured], object),
        columns.times[measured].astype("datetime64[us]"),
        unpack_all([columns.properties[i] or b"" for i in measured]),
        hashes,
        known,
        {
            space: unpack_embeddings(packed, spaces, space)
            for space in sorted({space for space in spaces if space is not None})
        },
        [columns.tags[i] for i in measured],
        unreadable_of(columns),
    )


def _rows(tags: Sequence[Mapping[str, str]], wanted: Iterable[str]) -> Mapping[Segment, Sequence[int]]:
    """Return the rows of each segment by these tags; "" is the whole."""
    found: defaultdict[Segment, list[int]] = defaultdict(list)
    for tag in wanted:
        if not tag:
            found[WHOLE] = list(range(len(tags)))
            continue
        for i, its in enumerate(tags):
            if tag in its:
                found[tag, its[tag]].append(i)
    return found


def _add(one: _Sum, block: _Block, rows: NDArray[np.intp], lost: Sequence[int]) -> None:
    values = block.values[rows]
    one.last_hash = fill_near_duplicates(values, block.hashes[rows], block.known[rows], one.last_hash)
    table = Records(
        tuple(block.ids[rows]),
        values,
        PROPERTY_NAMES,
        times=block.times[rows],
        unreadable=tuple(block.unreadable[i] for i in lost),
    )
    one.profile = merge([one.profile, profile_records(table)])
    taken = np.zeros(len(block.ids), bool)
    taken[rows] = True
    for space, (places, vectors) in block.embeddings.items():
        moments = moments_of(vectors[taken[places]])
        if moments.count:
            known = one.moments.get(space)
            one.moments[space] = moments if known is None else merge_moments(known, moments)


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
