"""What helps people to label: assistants, pre-labels, labels that nobody gave one by one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big_key = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    op.create_table(
        "assistance",
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=True),
        sa.Column("space", sa.Text(), nullable=True),
        sa.Column("embedded", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_assistance_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project", name="pk_assistance"),
    )
    op.create_table(
        "assistants",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("trained", moment, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=True),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_assistants_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_assistants"),
    )
    op.create_index("ix_assistants_project_key", "assistants", ["project", "key"])
    op.create_table(
        "image_embeddings",
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("image", sa.LargeBinary(length=32), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_image_embeddings_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project", "image", "space", name="pk_image_embeddings"),
    )
    op.create_table(
        "automatic_runs",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("assistant", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("bound", sa.Double(), nullable=False),
        sa.Column("risk", sa.Double(), nullable=False),
        sa.Column("last_task", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("audit", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("ended", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["assistant"], ["assistants.key"], name="fk_automatic_runs_assistant", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_automatic_runs_pool", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_automatic_runs"),
    )
    op.create_index("ix_automatic_runs_pool_key", "automatic_runs", ["pool", "key"])
    op.create_table(
        "pool_assistance",
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("prelabels", sa.String(length=16), nullable=False),
        sa.Column("hidden_share", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_pool_assistance_pool", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pool", name="pk_pool_assistance"),
    )
    op.create_table(
        "automatic_tasks",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("task", big_key, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run"], ["automatic_runs.key"], name="fk_automatic_tasks_run", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task"], ["tasks.key"], name="fk_automatic_tasks_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "task", name="pk_automatic_tasks"),
    )
    op.create_index("ix_automatic_tasks_task", "automatic_tasks", ["task"])
    op.create_table(
        "label_sources",
        sa.Column("task", big_key, nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_label_sources_pool", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task"], ["tasks.key"], name="fk_label_sources_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task", name="pk_label_sources"),
    )
    op.create_index("ix_label_sources_pool_source", "label_sources", ["pool", "source"])
    op.create_table(
        "prelabels",
        sa.Column("task", big_key, nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_prelabels_pool", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task"], ["tasks.key"], name="fk_prelabels_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task", name="pk_prelabels"),
    )
    op.create_index("ix_prelabels_pool", "prelabels", ["pool"])
    op.create_table(
        "shown_prelabels",
        sa.Column("lease", big_key, autoincrement=False, nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lease"], ["leases.key"], name="fk_shown_prelabels_lease", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_shown_prelabels_pool", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lease", name="pk_shown_prelabels"),
    )
    op.create_index("ix_shown_prelabels_pool_lease", "shown_prelabels", ["pool", "lease"])
