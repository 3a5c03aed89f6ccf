"""History that is deleted some day: how many messages and evaluations there were stays known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of what was deleted."""
    op.create_table(
        "forgotten_evaluations",
        sa.Column("monitor", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor"], ["monitors.key"], name="fk_forgotten_evaluations_monitor", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("monitor", "result", name="pk_forgotten_evaluations"),
    )
    op.create_table(
        "forgotten_messages",
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel"], ["channels.key"], name="fk_forgotten_messages_channel", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel", "result", name="pk_forgotten_messages"),
    )
