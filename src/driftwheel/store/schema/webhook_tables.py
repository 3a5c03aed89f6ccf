"""The tables of webhooks. What a column holds is said here and nowhere else."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from driftwheel.store.schema.columns import METADATA, BigKey, UtcTime

__all__ = ["IS_WAITING", "webhook_deliveries", "webhooks"]

IS_WAITING = text("state = 'waiting'")

webhooks = Table(  # who is told of what happens in a labelling project
    "webhooks",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),  # may hold a secret
    Column("secret", String(64), nullable=False),  # signs what is sent
    Column("events", JSON, nullable=False),  # list of those it is told of
    Column("note", String(256), nullable=False),  # whom it reaches
    Column("enabled", Boolean, nullable=False),
    Column("off_because", Text),  # why it was switched off; None: it is on
    Column("rests_until", UtcTime),  # a worker has it, or it failed a while ago; None: it may be sent to
    Column("failures", Integer, nullable=False),  # in a row
    Column("failing_since", UtcTime),
    Column("last_sent", UtcTime),
    Column("last_error", Text),
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Index(None, "project"),
)

webhook_deliveries = Table(  # written in the transaction of what they tell of
    "webhook_deliveries",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),  # by which the receiver knows one that comes twice
    Column("webhook", ForeignKey("webhooks.key", ondelete="CASCADE"), nullable=False),
    Column("event", String(32), nullable=False),  # see driftwheel.store.webhooks.webhooks
    Column("data", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | sent | dead
    Column("attempts", Integer, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("sent", UtcTime),
    Column("status", SmallInteger),  # of the last answer; None: there was none
    Column("error", Text),  # what the last attempt failed of
    Index(None, "webhook", "key"),
    Index(
        "ix_webhook_deliveries_waiting",
        "webhook",
        "key",
        sqlite_where=IS_WAITING,
        postgresql_where=IS_WAITING,
    ),
)
