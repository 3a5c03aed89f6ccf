"""How the images of tasks were selected, and with what chance: labels are weighed by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from sqlalchemy import Connection, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.performance_tables import task_selections

__all__ = ["REASONS", "SelectedBy", "TaskSelection", "put_selections", "selections_of"]

SelectedBy = Literal[
    "holdout", "random", "feedback", "drift", "disagreement", "doubt", "typical", "outlier", "listed"
]
"""Those of `driftwheel.selection.chosen`, and what people choose on the page: the most unusual, or a list."""

REASONS: tuple[SelectedBy, ...] = get_args(SelectedBy)

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class TaskSelection:
    """How an image was selected.

    Attributes
    ----------
    probability
        The chance in (0, 1] that every image of the same windows and segment had to be selected; None where
        it was not drawn at random from these: then it stands for no other image.
    tag, value
        The segment; both empty for the whole model.
    """

    reason: SelectedBy
    probability: float | None = None
    tag: str = ""
    value: str = ""


def put_selections(connection: Connection, pool: int, chosen: Mapping[str, TaskSelection]) -> None:
    """Note how the records of tasks of a pool were selected, by their ids; what is noted stays."""
    ids = sorted(chosen)
    insert = upsert(connection.dialect.name, task_selections).on_conflict_do_nothing(index_elements=["task"])
    for begin in range(0, len(ids), _CHUNK):
        query = select(tasks.c.key, tasks.c.record).where(
            tasks.c.pool == pool, tasks.c.record.in_(ids[begin : begin + _CHUNK])
        )
        rows = [{"task": key, **asdict(chosen[record])} for key, record in connection.execute(query)]
        if rows:
            connection.execute(insert, rows)


def selections_of(connection: Connection, keys: Collection[int]) -> dict[int, TaskSelection]:
    """Return what was noted of these tasks, by their keys."""
    found: dict[int, TaskSelection] = {}
    wanted = sorted(set(keys))
    for begin in range(0, len(wanted), _CHUNK):
        part = task_selections.c.task.in_(wanted[begin : begin + _CHUNK])
        for task, *its in connection.execute(select(task_selections).where(part)):
            found[task] = TaskSelection(*its)
    return found
