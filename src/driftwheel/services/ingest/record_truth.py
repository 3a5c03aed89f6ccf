"""Record ground truth: what an image really shows, told later, joined by the record's id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification, Task, Truth
from driftwheel.services.crash_points import reach
from driftwheel.services.ingest.ingest_checks import check_id, check_prediction
from driftwheel.services.ingest.ingest_models import model_named
from driftwheel.services.ingest.ingest_room import check_call
from driftwheel.services.ingest.ingest_values import Limits, Result, check_each, in_order
from driftwheel.store.engine.database import writing
from driftwheel.store.records.records import times_of
from driftwheel.store.records.truths import NewTruth, put_truths
from driftwheel.store.windows.performance_due import mark_performance
from driftwheel.store.windows.verdicts import mark_due

__all__ = ["NewTruth", "check_truth", "record_truths"]


def record_truths(
    engine: Engine, model: str, told: Sequence[NewTruth], *, by: str, received: datetime, limits: Limits
) -> list[Result]:
    """Keep the truth of records of one model, and return a result for each, in their order, once it is kept.

    The truth may come before its record. One record has one truth: a later one replaces it (`replaced`), the
    same again changes nothing (`duplicate`).

    Parameters
    ----------
    by
        The user or token that tells it.
    received
        The time now, UTC.

    Raises
    ------
    UsageError
        When there is no such model, or more are told than one call may have; nothing was kept.
    StorageFullError, DatabaseBusyError
        Nothing can be kept now.
    """
    known = model_named(engine, model)
    check_call(engine, len(told), limits)

    def check(one: NewTruth) -> None:
        check_id(one.record)
        check_truth(one.truth, known.task)

    checked = check_each(told, check)
    rows = [one for one in checked if isinstance(one, NewTruth)]
    reach("truths-checked")
    with writing(engine) as connection:
        outcomes = put_truths(connection, known.key, rows, received=received, by=by)
        news = [row.record for row, one in zip(rows, outcomes, strict=True) if one != "duplicate"]
        times = times_of(connection, known.key, news)
        mark_due(connection, known.key, known.window, times)
        if known.task == "classification":
            mark_performance(connection, known.key, known.window, times)
        reach("truths-inserted")
    reach("truths-committed")
    return in_order(checked, map(Result, (row.record for row in rows), outcomes))


def check_truth(truth: Truth, task: Task) -> None:
    """Raise `UsageError` for a truth with scores, or of another task than the model's."""
    check_prediction(truth, task, "The truth")
    if isinstance(truth, Classification):
        scored = bool(truth.scores)
    else:
        scored = any(box.score is not None for box in truth.boxes)
    if scored:
        raise UsageError("The truth has scores; what is true has none. Leave them out.")
