"""Embeddings of the images of tasks: of their records, or kept for the project where a record has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.assist_tables import image_embeddings, label_sources
from driftwheel.store.schema.label_tables import pools, tasks
from driftwheel.store.schema.tables import records

__all__ = [
    "EmbeddedTask",
    "LearntLabel",
    "embedded_tasks",
    "labels_to_learn",
    "last_task",
    "put_embeddings",
    "tasks_to_embed",
    "waiting_keys",
    "waiting_tasks",
]


@dataclass(frozen=True, slots=True)
class EmbeddedTask:
    """A task and the embedding of its image as packed float16; None where there is none."""

    key: int
    image: bytes
    embedding: bytes | None


@dataclass(frozen=True, slots=True)
class LearntLabel:
    """The label of a task, one class or a set of them, and the embedding of its image as packed float16."""

    task: int
    classes: tuple[str, ...]
    embedding: bytes


def last_task(connection: Connection, project: int) -> int:
    """Return the highest key of a project's tasks; 0 where it has none."""
    own = connection.execute(select(pools.c.key).where(pools.c.project == project)).scalars().all()
    found = [connection.scalar(select(func.max(tasks.c.key)).where(tasks.c.pool == pool)) for pool in own]
    return max((one for one in found if one is not None), default=0)


def tasks_to_embed(
    connection: Connection, project: int, model: int, space: str, *, after_key: int, limit: int
) -> list[EmbeddedTask]:
    """Return up to `limit` tasks of a project by key, after one, with the embeddings that they have."""
    query = _embedded(project, model, space, tasks.c.pool.in_(_pools(project)), tasks.c.key > after_key)
    return [_task(row) for row in connection.execute(query.order_by(tasks.c.key).limit(limit))]


def embedded_tasks(
    connection: Connection, project: int, model: int, space: str, keys: Sequence[int]
) -> dict[int, EmbeddedTask]:
    """Return these few tasks with the embeddings that they have."""
    query = _embedded(project, model, space, tasks.c.key.in_(sorted(keys)))
    return {row.key: _task(row) for row in connection.execute(query)}


def waiting_tasks(
    connection: Connection,
    project: int,
    model: int,
    space: str,
    pool: int,
    *,
    after_key: int,
    last_key: int,
    limit: int,
) -> list[EmbeddedTask]:
    """Return up to `limit` real tasks of a pool, by key, that nobody has answered, skipped or holds."""
    query = _embedded(
        project,
        model,
        space,
        *_waits(pool),
        tasks.c.key > after_key,
        tasks.c.key <= last_key,
    )
    return [_task(row) for row in connection.execute(query.order_by(tasks.c.key).limit(limit))]


def waiting_keys(connection: Connection, pool: int) -> list[int]:
    """Return the keys of all real tasks of a pool that nobody has answered, skipped or holds."""
    return list(connection.execute(select(tasks.c.key).where(*_waits(pool)).order_by(tasks.c.key)).scalars())


def labels_to_learn(
    connection: Connection, project: int, model: int, space: str, *, after_key: int, limit: int
) -> list[tuple[int, LearntLabel | None]]:
    """Return, of up to `limit` finished real tasks by key, the key and what an assistant may learn from it.

    That is a consensus of answers, what a reviewer decided, or a label of a file; None instead for labels
    that were accepted automatically, for images without an embedding, and for images that are golden,
    training or exam tasks of the project anywhere: nothing of these may be learnt.
    """
    special = select(tasks.c.image).where(
        tasks.c.pool.in_(_pools(project)), tasks.c.kind.in_(("golden", "training", "exam"))
    )
    own = _embedded(
        project,
        model,
        space,
        tasks.c.pool.in_(_pools(project)),
        tasks.c.kind == "real",
        tasks.c.state == "done",
        tasks.c.key > after_key,
    )
    query = own.add_columns(
        tasks.c.consensus,
        tasks.c.answers,
        tasks.c.reviewed,
        tasks.c.image.in_(special).label("special"),
        label_sources.c.source,
    ).outerjoin(label_sources, label_sources.c.task == tasks.c.key)
    found: list[tuple[int, LearntLabel | None]] = []
    for row in connection.execute(query.order_by(tasks.c.key).limit(limit)):
        of_people = row.answers > 0 or row.reviewed is not None or row.source == "import"
        embedding = _task(row).embedding
        said = row.consensus or {}
        classes = (said["class"],) if "class" in said else said.get("classes")
        if not of_people or row.special or embedding is None or classes is None:
            found.append((row.key, None))
        else:
            found.append((row.key, LearntLabel(row.key, tuple(classes), embedding)))
    return found


def put_embeddings(
    connection: Connection, project: int, space: str, new: Sequence[tuple[bytes, bytes]]
) -> None:
    """Keep the packed embeddings of images by their digests; those that are there stay."""
    rows = [
        {"project": project, "image": image, "space": space, "embedding": embedding}
        for image, embedding in sorted(dict(new).items())
    ]
    if rows:
        connection.execute(upsert(connection.dialect.name, image_embeddings).on_conflict_do_nothing(), rows)


def _waits(pool: int) -> tuple[ColumnElement[bool], ...]:
    return (
        tasks.c.pool == pool,
        tasks.c.kind == "real",
        tasks.c.state == "open",
        tasks.c.answers == 0,
        tasks.c.skips == 0,
        tasks.c.leases == 0,
    )


def _pools(project: int) -> Select[Any]:
    return select(pools.c.key).where(pools.c.project == project)


def _embedded(project: int, model: int, space: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    of_record = and_(
        records.c.model == model, records.c.id == tasks.c.record, records.c.image == tasks.c.image
    )
    of_image = and_(
        image_embeddings.c.project == project,
        image_embeddings.c.image == tasks.c.image,
        image_embeddings.c.space == space,
    )
    return (
        select(
            tasks.c.key,
            tasks.c.image,
            records.c.embedding,
            (records.c.space == space).label("fits"),
            image_embeddings.c.embedding.label("kept"),
        )
        .select_from(tasks)
        .outerjoin(records, of_record)
        .outerjoin(image_embeddings, of_image)
        .where(*conditions)
    )


def _task(row: Row[Any]) -> EmbeddedTask:
    own = row.embedding if row.fits else None
    return EmbeddedTask(row.key, row.image, own if own is not None else row.kept)
