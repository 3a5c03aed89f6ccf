"""What users of a model said of its predictions; any number a record, each counted once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from driftwheel.formats.prediction_json import prediction_from_json, prediction_to_json
from driftwheel.predictions import Feedback, Truth
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.tables import feedback

__all__ = ["StoredFeedback", "add_feedback", "feedback_of"]


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """Feedback as it is kept; the columns are described in `driftwheel.store.schema.tables`."""

    key: int
    model: int
    record: str
    wrong: bool
    truth: Truth | None
    note: str
    received: datetime
    by: str


def add_feedback(
    connection: Connection, model: int, rows: Sequence[Feedback], *, received: datetime, by: str
) -> list[Literal["accepted", "duplicate"]]:
    """Write feedback and return, for each row, whether it is new.

    The same words of the same person or token on the same record are a duplicate.
    """
    if not rows:
        return []
    plain = [_values(model, row, received, by) for row in rows]
    first: dict[tuple[str, bytes], dict[str, Any]] = {}
    for one in plain:
        first.setdefault((one["record"], one["body"]), one)
    statement = upsert(connection.dialect.name, feedback).on_conflict_do_nothing(
        index_elements=["model", "record", "body"]
    )
    written = connection.execute(
        statement.returning(feedback.c.record, feedback.c.body),
        [first[identity] for identity in sorted(first)],
    )
    new = {(record, body) for record, body in written}
    return [
        "accepted"
        if one is first[one["record"], one["body"]] and (one["record"], one["body"]) in new
        else "duplicate"
        for one in plain
    ]


def feedback_of(connection: Connection, model: int, record: str) -> list[StoredFeedback]:
    """Return what was said of one record, in the order it came."""
    query = select(feedback).where(feedback.c.model == model, feedback.c.record == record)
    return [_feedback(row) for row in connection.execute(query.order_by(feedback.c.key))]


def _values(model: int, row: Feedback, received: datetime, by: str) -> dict[str, Any]:
    truth = None if row.truth is None else prediction_to_json(row.truth)
    said = json.dumps([by, row.wrong, truth, row.note], sort_keys=True)
    return {
        "model": model,
        "record": row.record,
        "wrong": row.wrong,
        "truth": truth,
        "note": row.note,
        "body": hashlib.sha256(said.encode()).digest(),
        "received": received,
        "by": by,
    }


def _feedback(row: Row[Any]) -> StoredFeedback:
    plain = dict(row._mapping)
    del plain["body"]
    truth = plain["truth"]
    return StoredFeedback(**(plain | {"truth": None if truth is None else prediction_from_json(truth)}))
