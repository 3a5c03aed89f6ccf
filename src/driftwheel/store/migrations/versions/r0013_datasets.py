"""Dataset versions: what they hold and which blobs and images they name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0013"
down_revision = "r0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    digest = sa.LargeBinary(length=32)  # SHA-256
    op.create_table(
        "dataset_versions",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("digest", digest, nullable=True),
        sa.Column("content", digest, nullable=True),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("made_from", sa.JSON(), nullable=False),
        sa.Column("contents", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("removed", moment, nullable=True),
        sa.Column("removed_by", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(
            ["model"], ["models.key"], name="fk_dataset_versions_model", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent"], ["dataset_versions.key"], name="fk_dataset_versions_parent", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_dataset_versions"),
        sa.UniqueConstraint("model", "number", name="uq_dataset_versions_model_number"),
    )
    op.create_index("ix_dataset_versions_digest", "dataset_versions", ["digest"])
    op.create_table(
        "dataset_blobs",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("blob", digest, nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["dataset_versions.key"], name="fk_dataset_blobs_version", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version", "number", name="pk_dataset_blobs"),
    )
    op.create_index("ix_dataset_blobs_blob", "dataset_blobs", ["blob"])
    op.create_table(
        "dataset_images",
        sa.Column("image", digest, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["dataset_versions.key"], name="fk_dataset_images_version", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image", "version", name="pk_dataset_images"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dataset_images_version", "dataset_images", ["version"])
