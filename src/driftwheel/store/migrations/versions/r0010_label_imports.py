"""Label files that were read, and what each did to which task: so that it can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0010"
down_revision = "r0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    op.create_table(
        "label_imports",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("file", sa.LargeBinary(length=32), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("images", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("ended", moment, nullable=True),
        sa.Column("undone", moment, nullable=True),
        sa.Column("undone_by", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_label_imports_project", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_label_imports_pool", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_label_imports"),
    )
    op.create_index("ix_label_imports_project_key", "label_imports", ["project", "key"])
    op.create_table(
        "imported_labels",
        sa.Column("label_import", sa.Integer(), nullable=False),
        sa.Column("task", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effect", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["label_import"],
            ["label_imports.key"],
            name="fk_imported_labels_label_import",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("label_import", "task", name="pk_imported_labels"),
    )
    op.create_index("ix_imported_labels_task", "imported_labels", ["task"])
