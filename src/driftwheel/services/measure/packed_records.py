"""Measured values as the database packs them: properties float32, embeddings float16, little-endian."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import IncomparableError
from driftwheel.images.properties import PROPERTY_NAMES, near_duplicates
from driftwheel.records import Records, Unreadable
from driftwheel.store.records.record_columns import RecordColumns
from driftwheel.store.schema.columns import EPOCH, MICROSECOND
from driftwheel.store.schema.record_state import RecordState

__all__ = [
    "NEAR_DUPLICATE",
    "fill_near_duplicates",
    "measured_rows",
    "near_duplicates_along",
    "pack_embedding",
    "pack_hash",
    "pack_properties",
    "records_of",
    "unpack_all",
    "unpack_embeddings",
    "unpack_hashes",
    "unpack_properties",
    "unreadable_of",
]

NEAR_DUPLICATE = PROPERTY_NAMES.index("near_duplicate")
"""The column that is told along a sequence of images, not by one alone."""


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


def unpack_all(packed: Sequence[bytes]) -> NDArray[np.float32]:
    """Return (n, p) properties of records, a row each as of `unpack_properties`."""
    sizes = {len(one) for one in packed}
    width = len(PROPERTY_NAMES)
    if sizes == {4 * width}:
        return np.frombuffer(b"".join(packed), "<f4").reshape(-1, width).astype(np.float32)
    values = np.empty((len(packed), width), np.float32)
    for i, one in enumerate(packed):
        values[i] = unpack_properties(one)
    return values


def unpack_hashes(packed: Sequence[bytes | None]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return (n,) difference hashes, 0 where there is none, and (n,) whether there is one."""
    known = np.fromiter((one is not None for one in packed), bool, len(packed))
    whole = b"".join(bytes(8) if one is None else one for one in packed)
    return np.frombuffer(whole, ">u8").astype(np.uint64), known


def unpack_embeddings(
    packed: Sequence[bytes | None], spaces: Sequence[str | None], space: str
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the places (m,) of the embeddings that are in `space`, and these, (m, k)."""
    there = [i for i, one in enumerate(packed) if one is not None and spaces[i] == space]
    whole = b"".join(packed[i] or b"" for i in there)
    vectors = np.frombuffer(whole, "<f2").astype(np.float32).reshape(len(there), -1 if there else 0)
    return np.array(there, np.intp), vectors


def fill_near_duplicates(
    values: NDArray[np.float32],
    hashes: NDArray[np.uint64],
    known: NDArray[np.bool_],
    before: int | None,
) -> int | None:
    """Fill in, along a sequence, whether each image is like the one before it; return the last one's hash.

    Parameters
    ----------
    values
        (n, p) properties, changed in place; an image without a hash, which an earlier release measured, keeps
        what it has.
    hashes, known
        As of `unpack_hashes`.
    before
        The hash of the image before the first; None where there is none, or it has no hash.
    """
    flags, last = near_duplicates_along(hashes, known, before)
    values[known, NEAR_DUPLICATE] = flags[known]
    return last


def near_duplicates_along(
    hashes: NDArray[np.uint64], known: NDArray[np.bool_], before: int | None
) -> tuple[NDArray[np.float32], int | None]:
    """Return (n,) whether each image is like the one before it, NaN without a hash, and the last one's hash.

    The arguments are those of `fill_near_duplicates`.
    """
    flags = np.full(len(hashes), np.nan, np.float32)
    if len(hashes) == 0:
        return flags, before
    near = near_duplicates(hashes)
    near[1:][~known[:-1]] = 0.0
    if before is not None:
        near[0] = near_duplicates(np.array([before, hashes[0]], np.uint64))[1]
    flags[known] = near[known]
    return flags, int(hashes[-1]) if known[-1] else None


def records_of(rows: RecordColumns, *, space: str | None) -> Records:
    """Return the table of measured and rejected records, in the order of `rows`.

    Parameters
    ----------
    rows
        An image is called by its record's id.
    space
        The `EmbeddingSpace.name` whose embeddings are wanted; it stands as the table's embedder, since the
        projection took part in making them. Where a record has none in it, the row is NaN; without any the
        table has no embeddings.
    """
    measured = measured_rows(rows)
    values = unpack_all([rows.properties[i] or b"" for i in measured])
    fill_near_duplicates(values, *unpack_hashes([rows.hashes[i] for i in measured]), None)
    tags = [rows.tags[i] for i in measured]
    embeddings = None
    if space is not None:
        places, vectors = unpack_embeddings(
            [rows.embeddings[i] for i in measured], [rows.spaces[i] for i in measured], space
        )
        if len(places):
            embeddings = np.full((len(measured), vectors.shape[1]), np.nan, np.float32)
            embeddings[places] = vectors
    return Records(
        images=tuple(rows.ids[i] for i in measured),
        properties=values,
        property_names=PROPERTY_NAMES,
        embeddings=embeddings,
        embedder=space,
        times=rows.times[measured].astype("datetime64[us]"),
        tags={
            name: tuple(its.get(name) for its in tags)
            for name in sorted({name for its in tags for name in its})
        },
        unreadable=unreadable_of(rows),
    )


def measured_rows(rows: RecordColumns) -> list[int]:
    """Return which of the records have properties."""
    done = rows.states == RecordState.MEASURED
    return [i for i in np.flatnonzero(done).tolist() if rows.properties[i] is not None]


def unreadable_of(rows: RecordColumns) -> tuple[Unreadable, ...]:
    """Return the rejected records."""
    return tuple(
        Unreadable(
            rows.ids[i],
            rows.reasons[i] or "unknown",
            EPOCH + int(rows.times[i]) * MICROSECOND,
            rows.tags[i],
        )
        for i in np.flatnonzero(rows.states == RecordState.REJECTED).tolist()
    )
