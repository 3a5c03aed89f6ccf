"""Watching and alerting: verdicts, monitors, episodes, channels and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the columns that they need elsewhere."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big_key = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    op.create_table(
        "channels",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("models", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("severities", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("segments", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("quiet_hours", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("group_wait", sa.Integer(), nullable=False),
        sa.Column("group_interval", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("last_sent", moment, nullable=True),
        sa.Column("failing_since", moment, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_channels"),
        sa.UniqueConstraint("name", name="uq_channels_name"),
    )
    op.create_table(
        "monitors",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("watch_from", moment, nullable=True),
        sa.Column("changed", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_monitors_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_monitors"),
        sa.UniqueConstraint("model", "name", name="uq_monitors_model_name"),
    )
    op.create_table(
        "notifications",
        sa.Column("key", big_key, nullable=False),
        sa.Column("dedup", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", moment, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("sent", moment, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel"], ["channels.key"], name="fk_notifications_channel", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_notifications_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_notifications"),
        sa.UniqueConstraint("dedup", name="uq_notifications_dedup"),
    )
    op.create_index("ix_notifications_channel_key", "notifications", ["channel", "key"], unique=False)
    op.create_index(
        "ix_notifications_due",
        "notifications",
        ["due"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "notified_groups",
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("due", moment, nullable=True),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("last_sent", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["channel"], ["channels.key"], name="fk_notified_groups_channel", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model"], ["models.key"], name="fk_notified_groups_model", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel", "model", name="pk_notified_groups"),
    )
    op.create_table(
        "episodes",
        sa.Column("key", big_key, nullable=False),
        sa.Column("instance", sa.LargeBinary(length=32), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("monitor", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("began", moment, nullable=False),
        sa.Column("pending", moment, nullable=False),
        sa.Column("fired", moment, nullable=True),
        sa.Column("last_breach", moment, nullable=False),
        sa.Column("evaluated_until", moment, nullable=False),
        sa.Column("recovering", moment, nullable=True),
        sa.Column("ended", moment, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("acknowledged", moment, nullable=True),
        sa.Column("acknowledged_by", sa.String(length=128), nullable=True),
        sa.Column("acknowledged_note", sa.Text(), nullable=True),
        sa.Column("snoozed_until", moment, nullable=True),
        sa.Column("inhibited_by", sa.BigInteger(), nullable=True),
        sa.Column("flapping", sa.Boolean(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_episodes_model", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["monitor"], ["monitors.key"], name="fk_episodes_monitor", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_episodes"),
    )
    op.create_index("ix_episodes_instance_key", "episodes", ["instance", "key"], unique=False)
    op.create_index("ix_episodes_model_key", "episodes", ["model", "key"], unique=False)
    op.create_index(
        "uq_episodes_open",
        "episodes",
        ["instance"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_table(
        "evaluations",
        sa.Column("key", big_key, nullable=False),
        sa.Column("monitor", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("start", moment, nullable=False),
        sa.Column("end", moment, nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor"], ["monitors.key"], name="fk_evaluations_monitor", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_evaluations"),
        sa.UniqueConstraint(
            "monitor", "start", "tag", "value", name="uq_evaluations_monitor_start_tag_value"
        ),
    )
    op.create_table(
        "monitor_revisions",
        sa.Column("key", big_key, nullable=False),
        sa.Column("monitor", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor"], ["monitors.key"], name="fk_monitor_revisions_monitor", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_monitor_revisions"),
        sa.UniqueConstraint("monitor", "revision", name="uq_monitor_revisions_monitor_revision"),
    )
    op.create_table(
        "verdicts",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("start", moment, nullable=False),
        sa.Column("end", moment, nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("alpha", sa.Double(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("observations", sa.JSON(), nullable=False),
        sa.Column("exemplars", sa.JSON(), nullable=False),
        sa.Column("made", moment, nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_verdicts_model", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["reference"], ["references.key"], name="fk_verdicts_reference", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_verdicts"),
        sa.UniqueConstraint("model", "start", "tag", "value", name="uq_verdicts_model_start_tag_value"),
    )
    op.add_column(
        "models", sa.Column("false_alarms_per_year", sa.Double(), server_default="1", nullable=False)
    )
    op.add_column("references", sa.Column("faults", sa.LargeBinary(length=32), nullable=True))
    op.add_column("windows", sa.Column("predictions", sa.LargeBinary(), nullable=True))
    op.add_column("windows", sa.Column("predictions_archive", sa.LargeBinary(), nullable=True))
    op.add_column("windows", sa.Column("received", moment, nullable=True))
    op.add_column("windows", sa.Column("judged", sa.BigInteger(), nullable=True))
    op.execute("UPDATE windows SET stale = true, revision = revision + 1")  # to sum up their predictions
    unjudged = sa.text("NOT stale AND (judged IS NULL OR judged <> revision)")
    op.create_index(
        "ix_windows_unjudged",
        "windows",
        ["end"],
        unique=False,
        sqlite_where=unjudged,
        postgresql_where=unjudged,
    )
