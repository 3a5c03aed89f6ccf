"""What challengers say in the shadow of the champion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.release_tables import shadow_answers
from driftwheel.store.schema.tables import records

__all__ = [
    "ShadowAnswer",
    "ShadowPair",
    "ShadowRecord",
    "add_shadow_answers",
    "count_shadow_answers",
    "newest_record_key",
    "shadow_pairs",
    "unanswered_records",
]


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """An answer; the columns are described in `driftwheel.store.schema.release_tables`."""

    model: int
    version: int
    record: str
    time: datetime
    label: str
    confidence: float
    scores: bytes


@dataclass(frozen=True, slots=True)
class ShadowRecord:
    """A record that is to be answered in the shadow."""

    key: int
    id: str
    time: datetime
    image: bytes


@dataclass(frozen=True, slots=True)
class ShadowPair:
    """What two versions said of a record.

    Attributes
    ----------
    key, record
        The record's key and id.
    served
        The version that the record names.
    champion, challenger
        The class that each named; None where the record has no class.
    """

    key: int
    record: str
    time: datetime
    image: bytes | None
    served: str
    champion: str | None
    challenger: str
    confidence: float


def add_shadow_answers(connection: Connection, answers: Sequence[ShadowAnswer]) -> None:
    """Keep answers; those that are there stay."""
    if answers:
        insert = upsert(connection.dialect.name, shadow_answers)
        connection.execute(
            insert.on_conflict_do_nothing(index_elements=["version", "record"]),
            [asdict(one) for one in answers],
        )


def count_shadow_answers(connection: Connection, version: int) -> int:
    """Return how many answers a version has given in the shadow."""
    query = select(func.count()).where(shadow_answers.c.version == version)
    return connection.execute(query).scalar_one()


def newest_record_key(connection: Connection, model: int) -> int:
    """Return the key of the newest record of a model, 0 where there is none."""
    key: int | None = connection.execute(
        select(records.c.key).where(records.c.model == model).order_by(records.c.key.desc()).limit(1)
    ).scalar()
    return key or 0


def unanswered_records(
    connection: Connection, model: int, *, after_key: int, limit: int
) -> list[ShadowRecord]:
    """Return the next records of a model by key; those whose image is not kept are left out."""
    c = records.c
    query = (
        select(c.key, c.id, c.time, c.image)
        .where(c.model == model, c.key > after_key, c.image.is_not(None), c.state != RecordState.REJECTED)
        .order_by(c.key)
        .limit(limit)
    )
    return [ShadowRecord(row.key, row.id, row.time, row.image) for row in connection.execute(query)]


def shadow_pairs(connection: Connection, model: int, version: int, *, limit: int) -> list[ShadowPair]:
    """Return the newest answers of a version in the shadow, beside what the records themselves say."""
    s, r = shadow_answers.c, records.c
    query = (
        select(r.key, s.record, s.time, r.image, r.model_version, r.prediction, s.label, s.confidence)
        .join(records, and_(r.model == s.model, r.id == s.record))
        .where(s.version == version, s.model == model)
        .order_by(s.key.desc())
        .limit(limit)
    )
    return [
        ShadowPair(
            row.key,
            row.record,
            row.time,
            row.image,
            row.model_version,
            (row.prediction or {}).get("class"),
            row.label,
            row.confidence,
        )
        for row in connection.execute(query)
    ]
