"""When the wheel turns: policies, and what triggers saw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0017"
down_revision = "r0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "wheel_policies",
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["models.key"], name="fk_wheel_policies_model", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model", name="pk_wheel_policies"),
    )
    op.create_table(
        "wheel_sightings",
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("trigger", sa.String(length=16), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("alert", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["turn"], ["wheel_turns.key"], name="fk_wheel_sightings_turn", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("turn", "number", name="pk_wheel_sightings"),
    )
