"""Fold a stream of records into profiles, in memory that does not grow with the number of images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce

import numpy as np

from driftwheel.profiles.embedding_moments import merge_moments, moments_of
from driftwheel.profiles.profile import Profile, empty_profile, merge, profile_records
from driftwheel.profiles.profile_set import ProfileKey, ProfileSet, reduce_embeddings
from driftwheel.profiles.projection import MOST_DIMENSIONS, Projection, fit_projection
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.window import Window, window_of, window_starts
from driftwheel.records import Mode, Records

__all__ = ["ProfileBuilder", "split_records"]

_FITTED_ON = (
    4096  # images that are held back until the projection is fitted on them: 20 MB at 1,280 dimensions
)


class ProfileBuilder:
    """Profiles that grow by one chunk of records at a time.

    Embeddings wider than 128 dimensions are projected. Into one profile they are summed at full width and
    the projection fitted on all of them at the end, which is exact and needs no second pass. Into several
    windows or segments that would take 13 MB each, so there the projection is fitted on the first 4,096
    images. With a reference's `projection` that one is used, for every image as it comes.

    Examples
    --------
    >>> from driftwheel.profiles.property_definition import PropertyDefinition
    >>> x = PropertyDefinition("x", "x", "", "number", 0.0, 1.0, 2, "linear")
    >>> builder = ProfileBuilder(definitions=[x])
    >>> builder.add(Records(("a", "b"), np.array([[0.2], [0.9]], np.float32), ("x",)))
    >>> builder.finish().whole().n
    2
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        by: Sequence[str] = (),
        mode: Mode = "exact",
        embedder: str | None = None,
        projection: Projection | None = None,
        definitions: Sequence[PropertyDefinition] | None = None,
    ) -> None:
        self._window = window
        self._by = tuple(by)
        self._projection = projection
        self._definitions = definitions
        self._empty = empty_profile(mode=mode, embedder=embedder, definitions=definitions)
        self._profiles: dict[ProfileKey, Profile] = {}
        self._waiting: list[Records] = []

    def add(self, records: Records) -> None:
        """Add a chunk; raise `IncomparableError` when it was made differently from the others."""
        if not self._waits(records):
            self._fold(records)
            return
        self._waiting.append(records)
        if sum(map(len, self._waiting)) >= _FITTED_ON:
            self._fit()

    def finish(self) -> ProfileSet:
        """Return the profiles so far: at least one, and embeddings in at most 128 dimensions."""
        if self._waiting:
            self._fit()
        profiles = dict(self._profiles) or {ProfileKey(None, (None,) * len(self._by)): self._empty}
        return reduce_embeddings(ProfileSet(profiles, self._window, self._by))

    def _waits(self, records: Records) -> bool:
        """Whether the projection is yet to be fitted, and records must be held back for it."""
        split = self._window is not None or bool(self._by)
        wide = records.embeddings is not None and records.embeddings.shape[1] > MOST_DIMENSIONS
        return split and wide and self._projection is None

    def _fit(self) -> None:
        embedded = [chunk.embeddings for chunk in self._waiting if chunk.embeddings is not None]
        moments = reduce(merge_moments, map(moments_of, embedded))
        self._projection = fit_projection(moments.mean, moments.scatter)
        for chunk in self._waiting:
            self._fold(chunk)
        self._waiting.clear()

    def _fold(self, records: Records) -> None:
        for key, part in split_records(records, window=self._window, by=self._by).items():
            profile = profile_records(part, projection=self._projection, definitions=self._definitions)
            self._profiles[key] = merge([self._profiles.get(key, self._empty), profile])


def split_records(records: Records, *, window: Window | None, by: Sequence[str]) -> dict[ProfileKey, Records]:
    """Split records by the start of their window and by the values of tags.

    Records without a time, or without a tag, have None in its place; so has an unreadable image whose time or
    tags are not known.
    """
    if window is None and not by:
        return {ProfileKey(): records}
    starts: list[datetime | None] = [None] * len(records)
    if window is not None and records.times is not None:
        naive = window_starts(records.times, window).astype("datetime64[s]").tolist()
        starts = [None if start is None else start.replace(tzinfo=UTC) for start in naive]
    nothing: tuple[str | None, ...] = (None,) * len(records)
    segments = (
        zip(*(records.tags.get(tag, nothing) for tag in by), strict=True) if by else iter([()] * len(records))
    )
    rows: defaultdict[ProfileKey, list[int]] = defaultdict(list)
    for row, (start, segment) in enumerate(zip(starts, segments, strict=True)):
        rows[ProfileKey(start, tuple(segment))].append(row)
    lost: defaultdict[ProfileKey, list[int]] = defaultdict(list)
    for index, item in enumerate(records.unreadable):
        start = None if window is None or item.time is None else window_of(item.time, window)
        lost[ProfileKey(start, tuple(item.tags.get(tag) for tag in by))].append(index)
    return {
        key: replace(
            records.take(np.array(rows.get(key, []), dtype=np.intp)),
            unreadable=tuple(records.unreadable[index] for index in lost.get(key, [])),
        )
        for key in rows.keys() | lost.keys()
    }
