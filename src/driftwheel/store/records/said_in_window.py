"""What a model said of the records of a span of time, as JSON: to count it without a value of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, select

from driftwheel.store.schema.tables import records

__all__ = ["SaidOfOne", "said_in_window"]

_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class SaidOfOne:
    """A record with a prediction, as JSON."""

    id: str
    version: str
    tags: Mapping[str, str]
    prediction: Mapping[str, Any]


def said_in_window(connection: Connection, model: int, start: datetime, end: datetime) -> Iterator[SaidOfOne]:
    """Yield a model's records with start ≤ time < end that have a prediction, in no order."""
    c = records.c
    query = select(c.id, c.model_version, cast(c.tags, Text), cast(c.prediction, Text)).where(
        c.model == model, c.time >= start, c.time < end, c.prediction.is_not(None)
    )
    known: dict[str, Mapping[str, str]] = {}
    with connection.execute(query, execution_options={"yield_per": _AT_ONCE}) as rows:
        for part in rows.partitions():
            for record, version, tags, prediction in part:
                if tags not in known:
                    known[tags] = json.loads(tags)
                yield SaidOfOne(record, version, known[tags], json.loads(prediction))
