"""The first tables: what came into being with the service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big_key = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    op.create_table(
        "audit",
        sa.Column("key", big_key, nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=256), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_audit"),
    )
    op.create_table(
        "models",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("window", sa.String(length=16), nullable=False),
        sa.Column("segment_tags", sa.JSON(), nullable=False),
        sa.Column("embedder", sa.String(length=256), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("keep_images", sa.Double(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_models"),
        sa.UniqueConstraint("name", name="uq_models_name"),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.create_table(
        "tokens",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("models", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("expires", moment, nullable=True),
        sa.Column("revoked", moment, nullable=True),
        sa.Column("last_used", moment, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "users",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("last_seen", moment, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "edge_profiles",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("start", moment, nullable=True),
        sa.Column("end", moment, nullable=True),
        sa.Column("received", moment, nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_edge_profiles_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_edge_profiles"),
        sa.UniqueConstraint("model", "digest", name="uq_edge_profiles_model_digest"),
    )
    op.create_table(
        "feedback",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=128), nullable=False),
        sa.Column("wrong", sa.Boolean(), nullable=False),
        sa.Column("truth", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_feedback_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_feedback"),
        sa.UniqueConstraint("model", "record", "body", name="uq_feedback_model_record_body"),
    )
    op.create_table(
        "model_versions",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("artifact", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["model"], ["models.key"], name="fk_model_versions_model", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_model_versions"),
        sa.UniqueConstraint("model", "name", name="uq_model_versions_model_name"),
    )
    op.create_table(
        "records",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("body", sa.LargeBinary(length=32), nullable=False),
        sa.Column("model_version", sa.String(length=128), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("received", moment, nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("image", sa.LargeBinary(length=32), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("prediction", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("latency", sa.Double(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("properties", sa.LargeBinary(), nullable=True),
        sa.Column("embedding", sa.LargeBinary(), nullable=True),
        sa.Column("space", sa.Text(), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=8), nullable=True),
        sa.Column("outlier_p", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_records_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_records"),
        sa.UniqueConstraint("model", "id", name="uq_records_model_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_records_image", "records", ["image"], unique=False)
    op.create_index("ix_records_model_time_key", "records", ["model", "time", "key"], unique=False)
    op.create_index(
        "ix_records_outlier",
        "records",
        ["model", "outlier_p", "key"],
        unique=False,
        sqlite_where=sa.text("outlier_p IS NOT NULL"),
        postgresql_where=sa.text("outlier_p IS NOT NULL"),
    )
    op.create_index(
        "ix_records_received",
        "records",
        ["key"],
        unique=False,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_table(
        "references",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("artifact", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_references_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_references"),
    )
    op.create_index("ix_references_model_key", "references", ["model", "key"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name="fk_sessions_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_table(
        "truths",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=128), nullable=False),
        sa.Column("truth", sa.JSON(), nullable=False),
        sa.Column("received", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_truths_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_truths"),
        sa.UniqueConstraint("model", "record", name="uq_truths_model_record"),
    )
    op.create_table(
        "windows",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("start", moment, nullable=False),
        sa.Column("end", moment, nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=True),
        sa.Column("archive", sa.LargeBinary(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("made", moment, nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_windows_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_windows"),
        sa.UniqueConstraint("model", "start", "tag", "value", name="uq_windows_model_start_tag_value"),
    )
    op.create_index("ix_windows_stale_key", "windows", ["stale", "key"], unique=False)
