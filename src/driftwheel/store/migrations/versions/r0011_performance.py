"""How labels were selected, what is known of predictions by window, and slices of failure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0011"
down_revision = "r0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big_key = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    op.create_table(
        "task_selections",
        sa.Column("task", big_key, autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(["task"], ["tasks.key"], name="fk_task_selections_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task", name="pk_task_selections"),
    )
    op.create_table(
        "performance_windows",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("start", moment, nullable=False),
        sa.Column("end", moment, nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.Column("predictions", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("sums", sa.LargeBinary(), nullable=False),
        sa.Column("made", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["models.key"], name="fk_performance_windows_model", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_performance_windows"),
        sa.UniqueConstraint(
            "model", "start", "tag", "value", name="uq_performance_windows_model_start_tag_value"
        ),
    )
    op.create_index(
        "ix_performance_windows_model_tag_start", "performance_windows", ["model", "tag", "start"]
    )
    op.create_table(
        "performance_due",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("start", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["models.key"], name="fk_performance_due_model", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_performance_due"),
    )
    op.create_index("ix_performance_due_model_start", "performance_due", ["model", "start"])
    op.create_table(
        "failure_slices",
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("made", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["model"], ["models.key"], name="fk_failure_slices_model", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model", name="pk_failure_slices"),
    )
