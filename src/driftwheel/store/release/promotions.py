"""Who or what made a version the champion, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select

from driftwheel.store.schema.release_tables import promotions

__all__ = ["Promotion", "PromotionKind", "add_promotion", "list_promotions"]

PromotionKind = Literal["first", "promoted", "rolled_back"]


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion; the columns are described in `driftwheel.store.schema.release_tables`."""

    key: int
    model: int
    version: int
    before: int | None
    kind: PromotionKind
    gate: int | None
    time: datetime
    by: str
    reason: str


def add_promotion(
    connection: Connection,
    model: int,
    version: int,
    kind: PromotionKind,
    *,
    before: int | None,
    gate: int | None,
    time: datetime,
    by: str,
    reason: str,
) -> None:
    """Note a promotion, in the transaction that makes it."""
    values = {
        "model": model,
        "version": version,
        "before": before,
        "kind": kind,
        "gate": gate,
        "time": time,
        "by": by,
        "reason": reason,
    }
    connection.execute(insert(promotions).values(values))


def list_promotions(connection: Connection, model: int, *, limit: int = 100) -> list[Promotion]:
    """Return the promotions of a model, the newest first."""
    query = select(promotions).where(promotions.c.model == model)
    rows = connection.execute(query.order_by(promotions.c.key.desc()).limit(limit))
    return [Promotion(**row._mapping) for row in rows]
