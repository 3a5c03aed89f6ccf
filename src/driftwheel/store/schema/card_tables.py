"""The table of what people say in model cards. What a column holds is said here and nowhere else."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from driftwheel.store.schema.columns import METADATA, UtcTime

__all__ = ["card_texts"]

card_texts = Table(  # only ever added to: the newest of a version and a name is what holds
    "card_texts",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("version", ForeignKey("model_versions.key", ondelete="CASCADE"), nullable=False),
    Column("name", String(32), nullable=False),  # see driftwheel.cards.card_texts
    Column("text", Text),  # Markdown; None: taken back, so that an earlier version's holds
    Column("changed", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Index(None, "model", "key"),
    Index(None, "version"),
)
