"""What was told of many records, column by column: to sum it up without making a value of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, select

from driftwheel.formats.prediction_json import prediction_to_json
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.record_state import DONE
from driftwheel.store.schema.tables import records

__all__ = ["PredictionColumns", "prediction_columns", "predictions_of_records"]

_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class PredictionColumns:
    """Records of any state, in no order.

    Attributes
    ----------
    tags
        Of each record.
    predictions
        As JSON, see `driftwheel.formats.prediction_json`; None where there was none.
    latencies
        In seconds, None where there was none.
    failed
        Whether the client logged an error.
    pictured
        Whether its image was measured or rejected.
    """

    tags: Sequence[Mapping[str, str]]
    predictions: Sequence[Mapping[str, Any] | None]
    latencies: Sequence[float | None]
    failed: Sequence[bool]
    pictured: Sequence[bool]

    def __len__(self) -> int:
        return len(self.tags)


def prediction_columns(
    connection: Connection, model: int, start: datetime, end: datetime
) -> Iterator[PredictionColumns]:
    """Yield a model's records with start ≤ time < end, in blocks."""
    c = records.c
    chosen = select(
        cast(c.tags, Text), cast(c.prediction, Text), c.latency, c.error.is_not(None), c.state
    ).where(c.model == model, c.time >= start, c.time < end)
    with connection.execute(chosen, execution_options={"yield_per": _AT_ONCE}) as rows:
        for part in rows.partitions():
            yield _block(part)


def predictions_of_records(rows: Iterable[StoredRecord]) -> PredictionColumns:
    """Return the columns of records that were read one by one."""
    its = list(rows)
    return PredictionColumns(
        [row.tags for row in its],
        [None if row.prediction is None else prediction_to_json(row.prediction) for row in its],
        [row.latency for row in its],
        [row.error is not None for row in its],
        [row.state in DONE for row in its],
    )


def _block(rows: Sequence[Any]) -> PredictionColumns:
    tags, predictions, latencies, failed, states = zip(*rows, strict=True)
    known = {text: json.loads(text) for text in set(tags)}
    return PredictionColumns(
        [known[text] for text in tags],
        [None if text is None else json.loads(text) for text in predictions],
        latencies,
        [bool(one) for one in failed],
        [state in DONE for state in states],
    )
