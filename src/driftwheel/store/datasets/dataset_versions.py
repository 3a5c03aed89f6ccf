"""Dataset versions of models: numbered, and never changed once they are ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from driftwheel.datasets.contents import Contents
from driftwheel.datasets.example import LabelKind
from driftwheel.datasets.manifest import Head
from driftwheel.errors import UsageError
from driftwheel.store.models.models import lock_model
from driftwheel.store.schema.dataset_tables import dataset_blobs, dataset_images, dataset_versions

__all__ = [
    "DatasetVersion",
    "begin_version",
    "drop_abandoned",
    "drop_version",
    "finish_version",
    "list_dataset_versions",
    "newest_version",
    "remove_version",
    "set_note",
    "version_by_key",
    "version_numbered",
    "version_with_digest",
]


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """A version that is ready; the columns are described in `driftwheel.store.schema.dataset_tables`."""

    key: int
    model: int
    number: int
    kind: LabelKind
    classes: tuple[str, ...]
    images: int
    digest: bytes
    content: bytes
    parent: int | None
    made_from: Mapping[str, Any]
    contents: Contents
    left_out: Mapping[str, tuple[int, tuple[str, ...]]]
    note: str
    created: datetime
    by: str
    removed: datetime | None
    removed_by: str | None


def begin_version(
    connection: Connection,
    model: int,
    *,
    kind: LabelKind,
    parent: int | None,
    made_from: Mapping[str, Any],
    note: str,
    created: datetime,
    by: str,
) -> int:
    """Add a version that is still being made, and return its key: what it names is kept from now on."""
    values: dict[str, Any] = {
        "model": model,
        "kind": kind,
        "classes": [],
        "images": 0,
        "parent": parent,
        "made_from": dict(made_from),
        "left_out": {},
        "note": note,
        "created": created,
        "by": by,
    }
    return int(
        connection.execute(insert(dataset_versions).values(values).returning(_VERSION.key)).scalar_one()
    )


def finish_version(  # noqa: PLR0917
    connection: Connection,
    key: int,
    head: Head,
    digest: bytes,
    contents: Contents,
    left_out: Mapping[str, tuple[int, tuple[str, ...]]],
) -> DatasetVersion:
    """Give a version that was begun what it holds and the next number of its model, and return it.

    Its blobs are put and named before: `driftwheel.store.datasets.dataset_images.hold_blob`.
    """
    model = connection.execute(select(_VERSION.model).where(_VERSION.key == key)).scalar_one()
    lock_model(connection, model)
    last = connection.scalar(select(func.max(_VERSION.number)).where(_VERSION.model == model))
    values = {
        "number": (last or 0) + 1,
        "classes": list(head.classes),
        "images": head.images,
        "digest": digest,
        "content": head.content,
        "contents": contents.to_json(),
        "left_out": {why: [n, list(names)] for why, (n, names) in left_out.items()},
    }
    done = update(dataset_versions).where(_VERSION.key == key).values(values).returning(*_VERSION)
    return _version(connection.execute(done).one())


def drop_version(connection: Connection, key: int) -> None:
    """Forget a version that is still being made, and what it names."""
    chosen = delete(dataset_versions).where(_VERSION.key == key, _VERSION.number.is_(None))
    connection.execute(chosen)


def drop_abandoned(connection: Connection, before: datetime) -> int:
    """Forget versions that were begun before a moment and never got ready; return how many those were."""
    chosen = delete(dataset_versions).where(_VERSION.number.is_(None), _VERSION.created < before)
    return connection.execute(chosen).rowcount


def remove_version(connection: Connection, key: int, *, now: datetime, by: str) -> None:
    """Let go of the images and blobs of a version; its row, its number and its digest stay."""
    connection.execute(delete(dataset_images).where(dataset_images.c.version == key))
    connection.execute(delete(dataset_blobs).where(dataset_blobs.c.version == key))
    connection.execute(update(dataset_versions).where(_VERSION.key == key).values(removed=now, removed_by=by))


def set_note(connection: Connection, key: int, note: str) -> None:
    """Say something else of a version."""
    connection.execute(update(dataset_versions).where(_VERSION.key == key).values(note=note))


def list_dataset_versions(
    connection: Connection, model: int, *, before: int | None = None, limit: int = 100
) -> list[DatasetVersion]:
    """Return up to `limit` versions of a model, the newest first, after the one with the number `before`."""
    query = _ready(model)
    if before is not None:
        query = query.where(_VERSION.number < before)
    return [_version(row) for row in connection.execute(query.limit(limit))]


def newest_version(connection: Connection, model: int) -> DatasetVersion | None:
    """Return the newest version of a model that was not removed; None where there is none."""
    query = _ready(model).where(_VERSION.removed.is_(None))
    return _first(connection, query.limit(1))


def version_by_key(connection: Connection, key: int) -> DatasetVersion | None:
    """Return the version of that key; None where there is none that is ready."""
    query = select(dataset_versions).where(_VERSION.key == key, _VERSION.number.is_not(None))
    return _first(connection, query)


def version_numbered(connection: Connection, model: int, number: int) -> DatasetVersion:
    """Return the version of that number.

    Raises
    ------
    UsageError
        Where the model has none, with those that it has.
    """
    found = _first(connection, _ready(model).where(_VERSION.number == number))
    if found is None:
        known = connection.scalar(select(func.max(_VERSION.number)).where(_VERSION.model == model))
        there = "it has none yet" if known is None else f"they go from 1 to {known}"
        raise UsageError(f"The model has no dataset version {number}; {there}.")
    return found


def version_with_digest(connection: Connection, model: int, digest: bytes) -> DatasetVersion | None:
    """Return the version of a model that holds exactly that and was not removed; None where there is none."""
    query = _ready(model).where(_VERSION.digest == digest, _VERSION.removed.is_(None))
    return _first(connection, query.limit(1))


_VERSION = dataset_versions.c


def _ready(model: int) -> Select[Any]:
    return (
        select(dataset_versions)
        .where(_VERSION.model == model, _VERSION.number.is_not(None))
        .order_by(_VERSION.number.desc())
    )


def _first(connection: Connection, query: Select[Any]) -> DatasetVersion | None:
    row = connection.execute(query).first()
    return None if row is None else _version(row)


def _version(row: Row[Any]) -> DatasetVersion:
    plain = dict(row._mapping)
    return DatasetVersion(
        **plain
        | {
            "classes": tuple(plain["classes"]),
            "contents": Contents.from_json(plain["contents"]),
            "left_out": {why: (n, tuple(names)) for why, (n, names) in plain["left_out"].items()},
        }
    )
