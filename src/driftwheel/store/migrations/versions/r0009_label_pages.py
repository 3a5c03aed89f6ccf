"""Indexes by which the pages of labelling count and list without looking at every row."""

from __future__ import annotations

from alembic import op

__all__ = ["upgrade"]

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_index("ix_tasks_state", "tasks", ["pool", "kind", "state", "key"])
    op.create_index("ix_answers_received", "answers", ["pool", "received"])
