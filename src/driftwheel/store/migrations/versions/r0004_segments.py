"""So many values of a tag at most are segments of one window: windows with more are summed up again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column, and mark what has more."""
    op.add_column("windows", sa.Column("left_out", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE windows SET stale = true, revision = revision + 1 WHERE (model, start) IN "
        "(SELECT model, start FROM windows WHERE tag <> '' GROUP BY model, start, tag HAVING count(*) > 200)"
    )
