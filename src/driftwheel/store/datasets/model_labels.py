"""All labels of a model's images, with who gave them: what a dataset version is made of.

Of one image there may be several: in pools, told, of several records that show it. The surest counts, as
`driftwheel.store.labels.record_labels` says; here all are read, so that images whose record is gone, boxes
and several classes come along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, select

from driftwheel.datasets.example import LabelKind, Source
from driftwheel.store.labels.exported_tasks import answers_said
from driftwheel.store.labels.review_queue import reviews_of
from driftwheel.store.labels.task_selections import selections_of
from driftwheel.store.schema.assist_tables import label_sources
from driftwheel.store.schema.label_tables import pools, projects, tasks
from driftwheel.store.schema.performance_tables import task_selections
from driftwheel.store.schema.tables import records, truths

__all__ = ["ModelLabel", "images_held_out", "labels_of_pools", "labels_told", "pools_asking"]

_PAGE = 500


@dataclass(frozen=True, slots=True)
class ModelLabel:
    """A label of an image of a model.

    Attributes
    ----------
    image
        SHA-256 of the file, which may be gone.
    record
        The id of the record, which may be gone: then `model_version`, `taken` and `tags` are empty.
    payload
        As an answer's, or a truth's.
    holdout
        Whether the image was drawn to measure on.
    known
        When the label was given.
    """

    image: bytes
    record: str
    payload: Mapping[str, Any]
    source: Source
    by: tuple[str, ...]
    known: datetime | None
    width: int | None
    height: int | None
    model_version: str = ""
    taken: datetime | None = None
    tags: Mapping[str, str] | None = None
    project: str = ""
    pool: str = ""
    task: int | None = None
    reason: str = ""
    holdout: bool = False
    probability: float | None = None


def pools_asking(connection: Connection, model: int, kind: LabelKind) -> list[int]:
    """Return the keys of the pools of a model in which this is asked of images."""
    query = select(pools.c.key).join(projects, projects.c.key == pools.c.project)
    chosen = query.where(projects.c.model == model, projects.c.answer == kind)
    return list(connection.execute(chosen.order_by(pools.c.key)).scalars())


def images_held_out(connection: Connection, model: int) -> Iterator[bytes]:
    """Yield the images of a model that were drawn to measure on, labelled or not, in any of its pools."""
    drawn = (
        select(tasks.c.image)
        .join(task_selections, task_selections.c.task == tasks.c.key)
        .join(pools, pools.c.key == tasks.c.pool)
        .join(projects, projects.c.key == pools.c.project)
        .where(projects.c.model == model, task_selections.c.reason == "holdout")
    )
    for row in connection.execute(drawn, execution_options={"yield_per": _PAGE}):
        yield row.image


def labels_of_pools(
    connection: Connection,
    model: int,
    keys: Sequence[int],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[ModelLabel]:
    """Yield the labels of the finished real tasks of pools, page by page.

    Parameters
    ----------
    since, until
        since ≤ event time of the record < until; where they are given, images whose record is gone are left
        out.
    """
    its_record = and_(records.c.model == model, records.c.id == tasks.c.record)
    conditions = [tasks.c.pool.in_(keys), tasks.c.kind == "real", tasks.c.state == "done"]
    conditions += [tasks.c.consensus.is_not(None), *_within(since, until)]
    after = 0
    while keys:
        query = (
            select(*_OF_TASK, *_OF_RECORD)
            .join(pools, pools.c.key == tasks.c.pool)
            .join(projects, projects.c.key == pools.c.project)
            .outerjoin(label_sources, label_sources.c.task == tasks.c.key)
            .outerjoin(records, its_record)
            .where(*conditions, tasks.c.key > after)
            .order_by(tasks.c.key)
            .limit(_PAGE)
        )
        rows = connection.execute(query).all()
        yield from _of_tasks(connection, rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1].key


def labels_told(
    connection: Connection,
    model: int,
    keys: Sequence[int] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[ModelLabel]:
    """Yield the truths that were told of records that still have an image, page by page.

    `keys` are those of pools: only records that one of them asks about; None: all.
    """
    its_record = and_(records.c.model == truths.c.model, records.c.id == truths.c.record)
    conditions = [truths.c.model == model, records.c.image.is_not(None), *_within(since, until)]
    if keys is not None:
        conditions.append(exists().where(tasks.c.pool.in_(keys), tasks.c.record == truths.c.record))
    after = 0
    while True:
        query = (
            select(truths.c.key, truths.c.record, truths.c.truth, truths.c.received, truths.c.by, *_OF_RECORD)
            .join(records, its_record)
            .where(*conditions, truths.c.key > after)
            .order_by(truths.c.key)
            .limit(_PAGE)
        )
        rows = connection.execute(query).all()
        for row in rows:
            yield ModelLabel(
                row.record_image,
                row.record,
                row.truth,
                "told",
                (row.by,),
                row.received,
                row.record_width,
                row.record_height,
                row.model_version,
                row.time,
                row.tags,
            )
        if len(rows) < _PAGE:
            return
        after = rows[-1].key


_OF_TASK = (
    tasks.c.key,
    tasks.c.record,
    tasks.c.image,
    tasks.c.width,
    tasks.c.height,
    tasks.c.reason,
    tasks.c.consensus,
    tasks.c.finished,
    tasks.c.reviewed,
    tasks.c.answers,
    pools.c.name.label("pool"),
    projects.c.name.label("project"),
    label_sources.c.source,
    label_sources.c.by.label("source_by"),
)
_OF_RECORD = (
    records.c.model_version,
    records.c.time,
    records.c.tags,
    records.c.image.label("record_image"),
    records.c.width.label("record_width"),
    records.c.height.label("record_height"),
)


def _within(since: datetime | None, until: datetime | None) -> list[Any]:
    return [
        *([] if since is None else [records.c.time >= since]),
        *([] if until is None else [records.c.time < until]),
    ]


def _of_tasks(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[ModelLabel]:
    keys = [row.key for row in rows]
    people: dict[int, dict[str, None]] = {}
    for one in answers_said(connection, keys) if keys else []:
        people.setdefault(one.task, {})[one.by] = None
    reviews = reviews_of(connection, [row.reviewed for row in rows if row.reviewed is not None])
    selected = selections_of(connection, keys)
    for row in rows:
        said, review = tuple(sorted(people.get(row.key, {}))), reviews.get(row.reviewed or 0)
        source, by, known = _vouched(row, said)
        if review is not None:
            source, by, known = "review", (review.by,), review.time
        how = selected.get(row.key)
        yield ModelLabel(
            row.image,
            row.record,
            row.consensus,
            source,
            by,
            known,
            row.width if row.width is not None else row.record_width,
            row.height if row.width is not None else row.record_height,
            row.model_version or "",
            row.time,
            row.tags,
            row.project,
            row.pool,
            row.key,
            row.reason,
            how is not None and how.reason == "holdout",
            None if how is None else how.probability,
        )


def _vouched(
    row: Row[*tuple[Any, ...]], said: tuple[str, ...]
) -> tuple[Source, tuple[str, ...], datetime | None]:
    if row.answers or row.source is None:
        return "consensus", said, row.finished
    noted: Source = row.source
    return noted, (row.source_by,), row.finished
