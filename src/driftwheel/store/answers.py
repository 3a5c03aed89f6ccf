"""What became known of a window's predictions: truths beside them, and what people called wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, true

from driftwheel.formats.prediction_json import prediction_from_json
from driftwheel.predictions import Prediction, Truth
from driftwheel.store.tables import feedback, records, truths
from driftwheel.store.tag_filter import has_tag

__all__ = ["StoredAnswer", "answers_of", "called_wrong", "predictions_with_truths"]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a model said of one record, and the truth where it is known."""

    record: str
    model_version: str
    prediction: Prediction
    truth: Truth | None


def answers_of(
    connection: Connection, model: int, ids: Sequence[str], *, with_truth: bool = False
) -> list[StoredAnswer]:
    """Return what a model said of these of its records, by record id; those without a prediction left out.

    `with_truth`: only those whose truth is known.
    """
    same = and_(truths.c.model == records.c.model, truths.c.record == records.c.id)
    joined = records.join(truths, same, isouter=not with_truth)
    chosen = select(records.c.id, records.c.model_version, records.c.prediction, truths.c.truth)
    chosen = chosen.select_from(joined).where(records.c.prediction.is_not(None))
    found = []
    for begin in range(0, len(ids), _CHUNK):
        part = chosen.where(records.c.model == model, records.c.id.in_(ids[begin : begin + _CHUNK]))
        found += [
            StoredAnswer(
                name,
                version,
                prediction_from_json(said),
                None if true_one is None else prediction_from_json(true_one),
            )
            for name, version, said, true_one in connection.execute(part)
        ]
    return sorted(found, key=lambda one: one.record)


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
