"""Model cards: what people say in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0018"
down_revision = "r0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "card_texts",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_card_texts_model", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["version"], ["model_versions.key"], name="fk_card_texts_version", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_card_texts"),
    )
    op.create_index("ix_card_texts_model_key", "card_texts", ["model", "key"])
    op.create_index("ix_card_texts_version", "card_texts", ["version"])
