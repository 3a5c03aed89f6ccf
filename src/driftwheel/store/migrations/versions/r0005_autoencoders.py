"""Autoencoders of models, and the reconstruction error of each record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "autoencoders",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=True),
        sa.Column("artifact", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_autoencoders_model", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["reference"], ["references.key"], name="fk_autoencoders_reference", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_autoencoders"),
    )
    op.create_index("ix_autoencoders_model_key", "autoencoders", ["model", "key"])
    op.add_column("records", sa.Column("reconstruction_error", sa.Double(), nullable=True))
    op.add_column("records", sa.Column("autoencoder", sa.Integer(), nullable=True))
