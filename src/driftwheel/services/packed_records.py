"""Measured values as the database packs them: properties float32, embeddings float16, little-endian."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import IncomparableError
from driftwheel.images.properties import PROPERTY_NAMES, near_duplicates
from driftwheel.records import Records, Unreadable
from driftwheel.store.record_state import RecordState
from driftwheel.store.stored_record import StoredRecord

__all__ = ["in_order", "pack_embedding", "pack_hash", "pack_properties", "records_of", "unpack_properties"]

_NEAR_DUPLICATE = PROPERTY_NAMES.index("near_duplicate")


def pack_properties(values: NDArray[np.float32]) -> bytes:
    """Return the (p,) properties of one image as bytes."""
    return values.astype("<f4").tobytes()


def unpack_properties(packed: bytes) -> NDArray[np.float32]:
    """Return the (p,) float32 properties of one record, NaN for those that an earlier release did not have.

    Raises
    ------
    IncomparableError
        When a later release packed them.
    """
    values = np.frombuffer(packed, "<f4")
    if len(values) > len(PROPERTY_NAMES):
        raise IncomparableError(
            f"A record has {len(values)} properties, this release knows {len(PROPERTY_NAMES)}: a later one "
            "measured it. Run one release of Driftwheel on all machines."
        )
    whole = np.full(len(PROPERTY_NAMES), np.nan, np.float32)
    whole[: len(values)] = values
    return whole


def pack_embedding(embedding: NDArray[np.float16]) -> bytes:
    """Return one embedding as bytes."""
    return embedding.astype("<f2").tobytes()


def pack_hash(hash64: int) -> bytes:
    """Return a difference hash as 8 bytes."""
    return hash64.to_bytes(8, "big")


def in_order(rows: Iterator[StoredRecord]) -> Iterator[StoredRecord]:
    """Yield records that come by time in the one order that depends on nothing else: by time, then by id."""
    same: list[StoredRecord] = []
    for row in rows:
        if same and row.time != same[0].time:
            yield from sorted(same, key=lambda one: one.id)
            same.clear()
        same.append(row)
    yield from sorted(same, key=lambda one: one.id)


def records_of(
    rows: Sequence[StoredRecord], *, space: str | None, before: int | None = None
) -> tuple[Records, int | None]:
    """Return the table of measured and rejected records, in the order of `rows`; others are left out.

    Parameters
    ----------
    rows
        In the order of `in_order`. An image is called by its record's id.
    space
        The `EmbeddingSpace.name` whose embeddings are wanted; it stands as the table's embedder, since the
        projection took part in making them. Where a record has none in it, the row is NaN.
    before
        The difference hash of the image before the first, None at the beginning: whether an image is like
        the one before it is told along this sequence.

    Returns
    -------
    Records and the hash of the last image
        Without embeddings where no row has one in `space`.
    """
    measured = [row for row in rows if row.state is RecordState.MEASURED and row.properties is not None]
    values = np.empty((len(measured), len(PROPERTY_NAMES)), np.float32)
    for i, row in enumerate(measured):
        values[i] = unpack_properties(row.properties or b"")
    last = _fill_near_duplicates(values, [row.hash for row in measured], before)
    times = [row.time.astimezone(UTC).replace(tzinfo=None) for row in measured]
    names = sorted({name for row in measured for name in row.tags})
    rejected = [row for row in rows if row.state is RecordState.REJECTED]
    table = Records(
        images=tuple(row.id for row in measured),
        properties=values,
        property_names=PROPERTY_NAMES,
        embeddings=_embeddings(measured, space),
        embedder=space,
        times=np.array(times, "datetime64[us]"),
        tags={name: tuple(row.tags.get(name) for row in measured) for name in names},
        unreadable=tuple(Unreadable(row.id, row.reason or "unknown", row.time, row.tags) for row in rejected),
    )
    return table, last


def _fill_near_duplicates(
    values: NDArray[np.float32], hashes: Sequence[bytes | None], before: int | None
) -> int | None:
    """Fill the column in; an image without a hash, which an earlier release measured, is like no other."""
    for i, packed in enumerate(hashes):
        now = None if packed is None else int.from_bytes(packed, "big")
        if now is not None:
            known = [now] if before is None else [before, now]
            values[i, _NEAR_DUPLICATE] = near_duplicates(np.array(known, np.uint64))[-1]
        before = now
    return before


def _embeddings(rows: Sequence[StoredRecord], space: str | None) -> NDArray[np.float32] | None:
    """Return (n, k) with NaN for rows without, or None where there is none at all."""
    if space is None:
        return None
    packed = [row.embedding if row.space == space else None for row in rows]
    width = max((len(one) // 2 for one in packed if one is not None), default=0)
    if width == 0:
        return None
    embeddings = np.full((len(rows), width), np.nan, np.float32)
    for i, one in enumerate(packed):
        if one is not None:
            embeddings[i] = np.frombuffer(one, "<f2")
    return embeddings
