"""Gate runs that share their error with looks at other challengers of the same turn of the wheel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0020"
down_revision = "r0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column; runs that there are, share theirs with no other challenger."""
    op.add_column("gate_runs", sa.Column("looks_at_others", sa.Integer(), server_default="0", nullable=False))
