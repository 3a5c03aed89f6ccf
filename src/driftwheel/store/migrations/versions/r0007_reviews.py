"""The review queue, what reviewers decided, the rules of pools and what they do, and webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the columns."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big_key = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    op.add_column("pools", sa.Column("rules", sa.JSON(), nullable=True))
    op.add_column("pools", sa.Column("fast_limit", sa.Double(), nullable=True))
    op.add_column("pools", sa.Column("watched", sa.BigInteger(), nullable=True))
    op.add_column("annotators", sa.Column("paused", sa.BigInteger(), nullable=True))
    op.add_column("annotators", sa.Column("paused_until", moment, nullable=True))
    op.add_column("assignments", sa.Column("challenged", sa.Integer(), nullable=True))
    op.add_column("tasks", sa.Column("review", sa.String(length=16), nullable=True))
    op.add_column("tasks", sa.Column("reviewed", sa.BigInteger(), nullable=True))
    op.execute("UPDATE tasks SET review = state WHERE state IN ('disputed', 'set_aside')")
    in_review = sa.text("review IS NOT NULL")
    op.create_index(
        "ix_tasks_review", "tasks", ["pool", "key"], sqlite_where=in_review, postgresql_where=in_review
    )
    op.create_table(
        "reviews",
        sa.Column("key", big_key, nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("task", big_key, nullable=False),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("consensus", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=True),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name="fk_reviews_project", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_reviews_pool", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task"], ["tasks.key"], name="fk_reviews_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_reviews"),
    )
    op.create_index("ix_reviews_project_key", "reviews", ["project", "key"])
    op.create_index("ix_reviews_task", "reviews", ["task"])
    op.create_index("ix_label_events_annotator_key", "label_events", ["annotator", "key"])
    op.create_table(
        "challenges",
        sa.Column("key", big_key, nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("annotator", sa.Integer(), nullable=False),
        sa.Column("digits", sa.String(length=8), nullable=False),
        sa.Column("asked", moment, nullable=False),
        sa.Column("shown", moment, nullable=True),
        sa.Column("replied", moment, nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_challenges_pool", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["annotator"], ["annotators.key"], name="fk_challenges_annotator", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_challenges"),
    )
    op.create_index("ix_challenges_annotator_key", "challenges", ["annotator", "key"])
    _webhooks(moment, big_key)


def _webhooks(moment: sa.BigInteger, big_key: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "webhooks",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=256), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("off_because", sa.Text(), nullable=True),
        sa.Column("rests_until", moment, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", moment, nullable=True),
        sa.Column("last_sent", moment, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_webhooks_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_project", "webhooks", ["project"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("key", big_key, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("webhook", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", moment, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("sent", moment, nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhooks.key"], name="fk_webhook_deliveries_webhook", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("id", name="uq_webhook_deliveries_id"),
    )
    op.create_index("ix_webhook_deliveries_webhook_key", "webhook_deliveries", ["webhook", "key"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["webhook", "key"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
