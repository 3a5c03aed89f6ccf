"""Record feedback: a user says that a prediction was wrong, or right, and perhaps what is true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.predictions import Feedback
from driftwheel.services.crash_points import reach
from driftwheel.services.ingest.ingest_checks import check_id, check_text
from driftwheel.services.ingest.ingest_models import model_named
from driftwheel.services.ingest.ingest_room import check_call
from driftwheel.services.ingest.ingest_values import Limits, Result, check_each, in_order
from driftwheel.services.ingest.record_truth import check_truth
from driftwheel.store.engine.database import writing
from driftwheel.store.records.feedback import add_feedback
from driftwheel.store.records.records import times_of
from driftwheel.store.windows.verdicts import mark_due

__all__ = ["record_feedback"]


def record_feedback(
    engine: Engine, model: str, said: Sequence[Feedback], *, by: str, received: datetime, limits: Limits
) -> list[Result]:
    """Keep what was said of predictions of one model, and return a result for each, once it is kept.

    It may come before the record. Any number of people may speak of one record; the same words of the same
    one count once (`duplicate`).

    Parameters
    ----------
    by
        The user or token that tells it.
    received
        The time now, UTC.

    Raises
    ------
    UsageError
        When there is no such model, or more is told than one call may have; nothing was kept.
    StorageFullError, DatabaseBusyError
        Nothing can be kept now.
    """
    known = model_named(engine, model)
    check_call(engine, len(said), limits)

    def check(one: Feedback) -> None:
        check_id(one.record)
        check_text("The note", one.note)
        if one.truth is not None:
            check_truth(one.truth, known.task)

    checked = check_each(said, check)
    rows = [one for one in checked if isinstance(one, Feedback)]
    with writing(engine) as connection:
        outcomes = add_feedback(connection, known.key, rows, received=received, by=by)
        news = [row.record for row, one in zip(rows, outcomes, strict=True) if one == "accepted"]
        mark_due(connection, known.key, known.window, times_of(connection, known.key, news))
        reach("feedback-inserted")
    reach("feedback-committed")
    return in_order(checked, map(Result, (row.record for row in rows), outcomes))
