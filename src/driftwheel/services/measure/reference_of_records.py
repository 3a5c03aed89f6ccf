"""A reference made of a model's own records: of a past range of time, or of the days before now.

Properties are summed up from what is kept of every record. So are embeddings, as far as they lie in the fixed
space of the model's embedder. Where records were embedded by another, a sample of the images that are still
kept is embedded anew. Where those are gone, the embeddings that are kept stand, in the space they are in, and
the notes say so.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from driftwheel.errors import SourceError
from driftwheel.learning.embedder import Embedder
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.profiles import Profile, ProfileKey, ProfileSet
from driftwheel.profiles.embedding_moments import moments_of
from driftwheel.records import Records
from driftwheel.services.measure.embed_blobs import embed_blobs
from driftwheel.services.measure.embedding_space import EmbeddingSpace, fixed_space
from driftwheel.services.measure.measured_reference import SAMPLE, MeasuredReference
from driftwheel.services.measure.packed_records import (
    NEAR_DUPLICATE,
    measured_rows,
    near_duplicates_along,
    records_of,
    unpack_hashes,
)
from driftwheel.services.measure.window_profile import WHOLE, Segment, WindowSums, main_space, sum_up
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.records.record_columns import RecordColumns, columns_of_keys, measured_columns

__all__ = ["EMBEDDED_ANEW", "LEAST_IMAGES", "reference_of_records"]

EMBEDDED_ANEW = 2000
"""Images of a reference that are embedded anew at most: some 30 s of two cores."""

LEAST_IMAGES = 256
"""Images that are embedded at least, where not all images of the reference can be."""

Named = Callable[[str], EmbeddingSpace | None]
"""From the name of a space to the space, None where nothing is known of it any more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Records drawn: those with the lowest hashes of their ids, in that order.

    `near` says of each, as the whole sequence tells, whether it is like the image before it.
    """

    columns: RecordColumns
    near: NDArray[np.float32]

    def first(self, n: int) -> _Drawn:
        return _Drawn(self.columns.first(n), self.near[:n])


@dataclass(frozen=True, slots=True, eq=False)
class _Scanned:
    """What is kept of the records: sums of all, and samples of all, and of those in the main space."""

    sums: WindowSums
    of_all: _Drawn
    in_main: _Drawn
    main: str | None

    @property
    def n(self) -> int:
        return self.sums.profile(WHOLE, None).n


def reference_of_records(
    engine: Engine,
    blobs: Blobs,
    model: Model,
    since: datetime,
    until: datetime,
    *,
    named: Named,
    threads: int | None = None,
) -> MeasuredReference:
    """Return the reference of a model's records with since ≤ time < until.

    Parameters
    ----------
    named
        Finds the spaces that records name.

    Raises
    ------
    SourceError
        When no image of this time was measured.
    """
    found = _scan(engine, model, since, until)
    if found.n == 0:
        raise SourceError(
            f"No image of '{model.name}' was measured from {since.isoformat()} to {until.isoformat()}. "
            "Choose a time with records, or wait until they are measured."
        )
    network = load_embedder(model.embedder)
    if network is None:
        return _of_all(found, None, found.of_all, ())
    space = fixed_space(network)
    if found.sums.spaces.get(space.name, 0) == found.n:
        return _of_all(found, space, found.in_main, ())
    return _placed(blobs, network, found, space, threads) or _as_kept(found, named)


def _scan(engine: Engine, model: Model, since: datetime, until: datetime) -> _Scanned:
    drawn: defaultdict[str, list[tuple[bytes, int, float]]] = defaultdict(list)  # by "", a space

    def seen(blocks: Iterator[RecordColumns]) -> Iterator[RecordColumns]:
        before: int | None = None
        for block in blocks:
            rows = measured_rows(block)
            near, before = near_duplicates_along(*unpack_hashes([block.hashes[i] for i in rows]), before)
            for i, flag in zip(rows, near.tolist(), strict=True):
                one = (hashlib.sha256(block.ids[i].encode()).digest(), block.keys[i], flag)
                drawn[""].append(one)
                name = block.spaces[i]
                if name is not None:
                    drawn[f"in {name}"].append(one)
            for what, its in drawn.items():
                drawn[what] = heapq.nsmallest(SAMPLE, its)
            yield block

    with reading(engine) as connection:
        blocks = seen(measured_columns(connection, model.key, since, until))
        sums = sum_up(blocks, [WHOLE], tags=model.segment_tags)
        main = main_space(sums.spaces, ())

        def fetched(what: str) -> _Drawn:
            its = drawn.get(what, [])
            columns = columns_of_keys(connection, [key for _, key, _ in its])
            return _Drawn(columns, np.array([near for _, _, near in its], np.float32))

        return _Scanned(sums, fetched(""), fetched(f"in {main}"), main)


def _placed(
    blobs: Blobs, network: Embedder, found: _Scanned, space: EmbeddingSpace, threads: int | None
) -> MeasuredReference | None:
    """Return the reference in a given space: a sample, with kept embeddings where they are in it.

    None where too few images are kept.
    """
    drawn = found.of_all.first(EMBEDDED_ANEW)
    columns = drawn.columns
    kept = [
        columns.spaces[i] == space.name and columns.embeddings[i] is not None for i in range(len(columns))
    ]
    images = [None if kept[i] else columns.images[i] for i in range(len(columns))]
    placed = _placed_in(space, embed_blobs(blobs, network, images, threads=threads))
    for i in np.flatnonzero(kept).tolist():
        placed[i] = np.frombuffer(columns.embeddings[i] or b"", "<f2")
    if (~np.isnan(placed).any(axis=1)).sum() < min(LEAST_IMAGES, found.n):
        return None
    return _of_sample(found, space, drawn, placed)


def _as_kept(found: _Scanned, named: Named) -> MeasuredReference:
    """Return the reference in the space that most kept embeddings are in: not the model's own."""
    space = None if found.main is None else named(found.main)
    if space is None:
        why = "nothing is known any more of the space of" if found.main else "there are no"
        note = (
            "Of too few records is the image kept to embed them anew, and "
            f"{why} the embeddings of the records: compared by properties only."
        )
        return _of_all(found, None, found.of_all, (note,))
    note = (
        "Of too few records is the image kept to embed them anew: the embeddings are those kept with the "
        f"records, in another space than the model's own ({space.name})."
    )
    return _of_all(found, space, found.in_main, (note,))


def _of_all(
    found: _Scanned, space: EmbeddingSpace | None, drawn: _Drawn, notes: tuple[str, ...]
) -> MeasuredReference:
    name = None if space is None else space.name
    count = 0 if name is None else found.sums.spaces.get(name, 0)
    if 0 < count < found.n:
        notes += (f"{count:,} of its {found.n:,} images have an embedding in this space.",)
    profiles = _profiles(found, lambda segment: found.sums.profile(segment, name))
    return MeasuredReference(space, profiles, _table(drawn, name), notes)


def _of_sample(
    found: _Scanned, space: EmbeddingSpace, drawn: _Drawn, placed: NDArray[np.float32]
) -> MeasuredReference:
    """Return the reference whose embeddings are those of a sample; (n, k), NaN where there is none."""
    there = np.flatnonzero(~np.isnan(placed).any(axis=1)).tolist()
    tags = drawn.columns.tags

    def profile(segment: Segment) -> Profile:
        tag, value = segment
        rows = [i for i in there if not tag or tags[i].get(tag) == value]
        moments = moments_of(placed[rows]) if rows else None
        return replace(found.sums.profile(segment, None), embedder=space.name, embeddings=moments)

    notes: tuple[str, ...] = ()
    if len(there) < found.n:
        among = "" if len(there) == EMBEDDED_ANEW else " among those that are still kept"
        said = (
            f"Its embeddings are those of {len(there):,} of its {found.n:,} images, drawn at random{among}."
        )
        notes = (said,)
    table = replace(_table(drawn, None), embeddings=placed, embedder=space.name).take(there)
    return MeasuredReference(space, _profiles(found, profile), table, notes)


def _profiles(found: _Scanned, profile: Callable[[Segment], Profile]) -> Mapping[str, ProfileSet]:
    by_tag: dict[str, dict[ProfileKey, Profile]] = {}
    for tag, value in found.sums.segments:
        key = ProfileKey(None, (value,)) if tag else ProfileKey()
        by_tag.setdefault(tag, {})[key] = profile((tag, value))
    return {tag: ProfileSet(its, by=(tag,) if tag else ()) for tag, its in by_tag.items()}


def _table(drawn: _Drawn, space: str | None) -> Records:
    table = records_of(drawn.columns, space=space)
    values = table.properties.copy()
    known = ~np.isnan(drawn.near)
    values[known, NEAR_DUPLICATE] = drawn.near[known]
    return replace(table, properties=values)


def _placed_in(space: EmbeddingSpace, whole: NDArray[np.float32]) -> NDArray[np.float32]:
    there = ~np.isnan(whole).any(axis=1)
    some = space.place(whole[there]).astype(np.float32)
    placed = np.full((len(whole), some.shape[1]), np.nan, np.float32)
    placed[there] = some
    return placed
