"""The records of a window as a table to be judged: all, or of many a sample that is always the same."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.records import Records
from driftwheel.services.measure.packed_records import (
    NEAR_DUPLICATE,
    measured_rows,
    near_duplicates_along,
    records_of,
    unpack_hashes,
)
from driftwheel.store.records.record_columns import columns_of_keys
from driftwheel.store.records.record_outline import RecordOutline, record_outline
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["MOST_RECORDS", "WindowRecords", "window_records"]

MOST_RECORDS = 2000
"""Records of a window that are judged at most: more would find no change that matters and was not found."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowRecords:
    """Measured records of a window, called by their ids, and its unreadable ones.

    Attributes
    ----------
    table
        By time and id; at most `MOST_RECORDS` with the unreadable ones, in the same proportion.
    n
        How many were measured, the sample or not.
    errors
        The reconstruction error of each that an autoencoder found, NaN where it did not look; of no record
        without one.
    """

    table: Records
    n: int
    errors: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), repr=False)

    @property
    def is_sample(self) -> bool:
        """Whether the table holds only some of the records."""
        return len(self.table) < self.n


def window_records(
    connection: Connection,
    window: StoredWindow,
    space: str | None,
    *,
    most: int = MOST_RECORDS,
    autoencoder: int | None = None,
) -> WindowRecords:
    """Return the records of a window of one segment, with their embeddings in `space`.

    Of more than `most` those are taken whose ids have the lowest hashes. Whether an image is like the one
    before it is told along all of them. `autoencoder` is the key of the one whose errors are wanted.
    """
    where = (window.model, window.start, window.end)
    outline = record_outline(connection, *where, tag=window.tag, value=window.value)
    columns = columns_of_keys(connection, _drawn(outline, most))
    table = records_of(columns, space=space)
    errors = np.empty(0)
    if autoencoder is not None:
        mine = np.array([one == autoencoder for one in columns.autoencoders], bool)
        errors = np.where(mine, columns.errors, np.nan)[measured_rows(columns)]
    near = _near_duplicates(outline)
    values = table.properties.copy()
    for row, name in enumerate(table.images):
        if not np.isnan(near[name]):
            values[row, NEAR_DUPLICATE] = near[name]
    return WindowRecords(replace(table, properties=values), sum(outline.measured), errors)


def _drawn(outline: RecordOutline, most: int) -> list[int]:
    if len(outline) <= most:
        return list(outline.keys)
    draws = ((hashlib.sha256(name.encode()).digest(), i) for i, name in enumerate(outline.ids))
    return [outline.keys[i] for i in sorted(i for _, i in heapq.nsmallest(most, draws))]


def _near_duplicates(outline: RecordOutline) -> Mapping[str, float]:
    """Return for each measured record whether it is like the one before it; NaN where that is not known."""
    rows = [i for i, done in enumerate(outline.measured) if done]
    flags, _ = near_duplicates_along(*unpack_hashes([outline.hashes[i] for i in rows]), None)
    return {outline.ids[i]: float(flag) for i, flag in zip(rows, flags, strict=True)}
