"""What became known of a window's predictions: truths beside them, and what people called wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, true

from driftwheel.formats.prediction_json import prediction_from_json
from driftwheel.predictions import Prediction, Truth
from driftwheel.store.engine.tag_filter import has_tag
from driftwheel.store.schema.tables import feedback, records, truths

__all__ = ["called_wrong", "predictions_with_truths"]


def predictions_with_truths(
    connection: Connection, model: int, start: datetime, end: datetime, *, tag: str = "", value: str = ""
) -> Iterator[tuple[Prediction, Truth]]:
    """Yield prediction and truth of the records with start ≤ time < end that have both."""
    joined = records.join(truths, and_(truths.c.model == records.c.model, truths.c.record == records.c.id))
    chosen = select(records.c.prediction, truths.c.truth).select_from(joined)
    chosen = chosen.where(records.c.prediction.is_not(None))
    for said, true_one in connection.execute(_in_window(connection, chosen, model, start, end, tag, value)):
        yield prediction_from_json(said), prediction_from_json(true_one)


def called_wrong(
    connection: Connection, model: int, start: datetime, end: datetime, *, tag: str = "", value: str = ""
) -> int:
    """Return how many records with start ≤ time < end somebody called wrong."""
    joined = records.join(
        feedback, and_(feedback.c.model == records.c.model, feedback.c.record == records.c.id)
    )
    chosen = select(func.count(records.c.key.distinct())).select_from(joined)
    chosen = chosen.where(feedback.c.wrong == true())
    wrong: int = connection.execute(
        _in_window(connection, chosen, model, start, end, tag, value)
    ).scalar_one()
    return wrong


def _in_window(  # noqa: PLR0917  a segment of a window
    connection: Connection,
    chosen: Select[Any],
    model: int,
    start: datetime,
    end: datetime,
    tag: str,
    value: str,
) -> Select[Any]:
    chosen = chosen.where(records.c.model == model, records.c.time >= start, records.c.time < end)
    return chosen.where(has_tag(connection, tag, value)) if tag else chosen
