"""Training runs, and what they told while they ran."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0014"
down_revision = "r0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    digest = sa.LargeBinary(length=32)  # SHA-256
    op.create_table(
        "training_runs",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("dataset", sa.Integer(), nullable=True),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("begun", moment, nullable=True),
        sa.Column("finished", moment, nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("checkpoint", digest, nullable=True),
        sa.Column("artifact", digest, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("results", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_training_runs_model", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["parent"], ["training_runs.key"], name="fk_training_runs_parent", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["dataset"], ["dataset_versions.key"], name="fk_training_runs_dataset", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["start"], ["model_versions.key"], name="fk_training_runs_start", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["model_versions.key"], name="fk_training_runs_version", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_training_runs"),
    )
    op.create_index("ix_training_runs_model_key", "training_runs", ["model", "key"])
    for column in ("parent", "state", "version"):
        op.create_index(f"ix_training_runs_{column}", "training_runs", [column])
    op.create_table(
        "training_lines",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("epoch", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["run"], ["training_runs.key"], name="fk_training_lines_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "number", name="pk_training_lines"),
    )
