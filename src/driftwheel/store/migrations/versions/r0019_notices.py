"""Notices: what people are told that is no alert, and which channels are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0019"
down_revision = "r0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns; channels that there are, are told as before and of what comes."""
    is_wanted = sa.text("ended IS NULL AND wanted")
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "notices",
        sa.Column("key", key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_notices_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_notices"),
        sa.UniqueConstraint("subject", name="uq_notices_subject"),
    )
    op.create_index(
        "ix_notices_open", "notices", ["topic"], sqlite_where=is_wanted, postgresql_where=is_wanted
    )
    op.add_column("channels", sa.Column("topics", sa.JSON(), nullable=True))
    op.add_column("channels", sa.Column("noticed", sa.BigInteger(), server_default="0", nullable=False))
