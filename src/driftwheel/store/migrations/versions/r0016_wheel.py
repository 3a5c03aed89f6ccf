"""The turns of the wheel, and their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0016"
down_revision = "r0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    is_open = sa.text("ended IS NULL")
    op.create_table(
        "wheel_turns",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("alert", big, nullable=True),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("champion", sa.Integer(), nullable=True),
        sa.Column("challenger", sa.Integer(), nullable=True),
        sa.Column("begun", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("waits", sa.String(length=16), nullable=True),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("due", moment, nullable=False),
        sa.Column("ended", moment, nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("annotators", sa.Integer(), nullable=False),
        sa.Column("people_seconds", sa.Double(), nullable=False),
        sa.Column("machine_seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_wheel_turns_model", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["alert"], ["episodes.key"], name="fk_wheel_turns_alert", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["champion"], ["model_versions.key"], name="fk_wheel_turns_champion", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["challenger"], ["model_versions.key"], name="fk_wheel_turns_challenger", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_wheel_turns"),
        sa.UniqueConstraint("model", "number", name="uq_wheel_turns_model_number"),
    )
    op.create_index(
        "uq_wheel_turns_open",
        "wheel_turns",
        ["model"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index(
        "ix_wheel_turns_due", "wheel_turns", ["due"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_wheel_turns_alert", "wheel_turns", ["alert"])
    op.create_table(
        "wheel_steps",
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("begun", moment, nullable=False),
        sa.Column("ended", moment, nullable=True),
        sa.Column("made", sa.JSON(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("annotators", sa.Integer(), nullable=False),
        sa.Column("people_seconds", sa.Double(), nullable=False),
        sa.Column("machine_seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["turn"], ["wheel_turns.key"], name="fk_wheel_steps_turn", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("turn", "number", name="pk_wheel_steps"),
    )
