"""How many images of a model people have labelled lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, union

from driftwheel.store.labels.record_labels import project_pools
from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.tables import truths

__all__ = ["labelled_since"]


def labelled_since(connection: Connection, model: int, since: datetime) -> int:
    """Return how many records of a model got a label at a moment or later, each once.

    Truths that were told count, and tasks that are done, by a consensus, a review, a file or an assistant.
    """
    asked = [select(truths.c.record).where(truths.c.model == model, truths.c.received >= since)]
    own = project_pools(connection, model)
    if own:
        asked.append(
            select(tasks.c.record).where(
                tasks.c.pool.in_(own),
                tasks.c.kind == "real",
                tasks.c.state == "done",
                tasks.c.consensus.is_not(None),
                tasks.c.finished >= since,
            )
        )
    return int(connection.execute(select(func.count()).select_from(union(*asked).subquery())).scalar_one())
