"""Records by their reconstruction error: an index, as quick on the last page of a list as on the first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["upgrade"]

revision = "r0015"
down_revision = "r0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    has_error = sa.text("reconstruction_error IS NOT NULL")
    op.create_index(
        "ix_records_reconstruction",
        "records",
        ["model", "autoencoder", "reconstruction_error", "key"],
        sqlite_where=has_error,
        postgresql_where=has_error,
    )
