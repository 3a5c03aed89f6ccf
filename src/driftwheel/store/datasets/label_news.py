"""What has become of a model's labels since a moment: whether a new dataset version is worth making."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, distinct, func, select

from driftwheel.datasets.example import LabelKind
from driftwheel.store.datasets.model_labels import pools_asking
from driftwheel.store.schema.label_tables import reviews, tasks
from driftwheel.store.schema.tables import truths

__all__ = ["LabelNews", "labels_since"]


@dataclass(frozen=True, slots=True)
class LabelNews:
    """Labels since a moment.

    Attributes
    ----------
    labelled
        Tasks that were finished.
    told
        Records whose ground truth was told, or told anew.
    corrected
        Tasks whose label a reviewer changed.
    """

    labelled: int
    told: int
    corrected: int

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return bool(self.labelled or self.told or self.corrected)


def labels_since(connection: Connection, model: int, kind: LabelKind, since: datetime) -> LabelNews:
    """Return how many labels of a model's images have come, or changed, since a moment."""
    own = pools_asking(connection, model, kind)
    done = select(func.count()).where(
        tasks.c.pool.in_(own),
        tasks.c.kind == "real",
        tasks.c.state == "done",
        tasks.c.consensus.is_not(None),
        tasks.c.finished > since,
    )
    changed = select(func.count(distinct(reviews.c.task))).where(
        reviews.c.pool.in_(own), reviews.c.action == "edit", reviews.c.time > since
    )
    told = select(func.count()).where(truths.c.model == model, truths.c.received > since)
    return LabelNews(
        connection.scalar(done) or 0 if own else 0,
        connection.scalar(told) or 0,
        connection.scalar(changed) or 0 if own else 0,
    )
