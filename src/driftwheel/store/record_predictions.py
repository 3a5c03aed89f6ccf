"""What the monitored model logged of the images of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, select

from driftwheel.store.label_tables import tasks
from driftwheel.store.tables import records

__all__ = ["predictions_of_tasks"]


def predictions_of_tasks(
    connection: Connection, model: int, keys: Sequence[int]
) -> dict[int, Mapping[str, Any]]:
    """Return the predictions, as the API has them, of the records of these few tasks, by the tasks' keys.

    Tasks whose record is gone, or had no prediction, are left out.
    """
    query = (
        select(tasks.c.key, records.c.prediction)
        .join(records, and_(records.c.model == model, records.c.id == tasks.c.record))
        .where(tasks.c.key.in_(sorted(keys)), records.c.prediction.is_not(None))
    )
    return {row.key: row.prediction for row in connection.execute(query)}
