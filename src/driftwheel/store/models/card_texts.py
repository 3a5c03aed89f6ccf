"""What people say in the cards of a model's versions: kept for ever, the newest holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from driftwheel.store.schema.card_tables import card_texts

__all__ = ["StoredCardText", "add_card_text", "list_card_texts"]


@dataclass(frozen=True, slots=True)
class StoredCardText:
    """A text as somebody said it once; the columns are described in `driftwheel.store.schema.card_tables`."""

    key: int
    model: int
    version: int
    name: str
    text: str | None
    changed: datetime
    by: str


def add_card_text(
    connection: Connection,
    model: int,
    version: int,
    name: str,
    text: str | None,
    *,
    changed: datetime,
    by: str,
) -> None:
    """Say something of a version; None takes back what was said of it."""
    values = {"model": model, "version": version, "name": name, "text": text, "changed": changed, "by": by}
    connection.execute(insert(card_texts).values(values))


def list_card_texts(connection: Connection, model: int) -> list[StoredCardText]:
    """Return all that was ever said of a model's versions, the oldest first."""
    query = select(card_texts).where(card_texts.c.model == model).order_by(card_texts.c.key)
    return [StoredCardText(**row._mapping) for row in connection.execute(query)]
