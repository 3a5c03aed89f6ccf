"""The tables of labelling."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big_key = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    op.create_table(
        "projects",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.key"], name="fk_projects_model", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
    )
    op.create_table(
        "invitations",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.String(length=256), nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("gives", sa.JSON(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("expires", moment, nullable=True),
        sa.Column("revoked", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_invitations_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_invitations"),
        sa.UniqueConstraint("digest", name="uq_invitations_digest"),
    )
    op.create_table(
        "label_events",
        sa.Column("key", big_key, nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=True),
        sa.Column("annotator", sa.Integer(), nullable=True),
        sa.Column("task", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("undone", moment, nullable=True),
        sa.Column("undone_by", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_label_events_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_label_events"),
    )
    op.create_index("ix_label_events_project_key", "label_events", ["project", "key"])
    op.create_table(
        "pools",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("closed_because", sa.String(length=16), nullable=True),
        sa.Column("overlap", sa.SmallInteger(), nullable=False),
        sa.Column("most_overlap", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("golden_share", sa.Double(), nullable=False),
        sa.Column("exam_pass", sa.Double(), nullable=False),
        sa.Column("lease_seconds", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("most_paid", sa.BigInteger(), nullable=True),
        sa.Column("requires", sa.JSON(), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name="fk_pools_project", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_pools"),
        sa.UniqueConstraint("project", "name", name="uq_pools_project_name"),
    )
    op.create_table(
        "annotators",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("user", sa.Integer(), nullable=True),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("invitation", sa.Integer(), nullable=True),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("banned", sa.BigInteger(), nullable=True),
        sa.Column("created", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation"], ["invitations.key"], name="fk_annotators_invitation", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.key"], name="fk_annotators_project", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["token"], ["tokens.key"], name="fk_annotators_token", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name="fk_annotators_user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("key", name="pk_annotators"),
        sa.UniqueConstraint("project", "name", name="uq_annotators_project_name"),
        sa.UniqueConstraint("project", "user", name="uq_annotators_project_user"),
        sa.UniqueConstraint("token", name="uq_annotators_token"),
    )
    op.create_table(
        "tasks",
        sa.Column("key", big_key, nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.String(length=128), nullable=False),
        sa.Column("image", sa.LargeBinary(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("truth", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("stratum", sa.String(length=256), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wanted", sa.SmallInteger(), nullable=False),
        sa.Column("answers", sa.SmallInteger(), nullable=False),
        sa.Column("leases", sa.SmallInteger(), nullable=False),
        sa.Column("skips", sa.SmallInteger(), nullable=False),
        sa.Column("room", sa.SmallInteger(), nullable=False),
        sa.Column("consensus", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("finished", moment, nullable=True),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_tasks_pool", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_tasks"),
        sa.UniqueConstraint("pool", "record", name="uq_tasks_pool_record"),
    )
    op.create_index("ix_tasks_image", "tasks", ["image"])
    op.create_index("ix_tasks_pool_key", "tasks", ["pool", "key"])
    op.create_index(
        "ix_tasks_room",
        "tasks",
        ["pool", "position"],
        sqlite_where=sa.text("room > 0"),
        postgresql_where=sa.text("room > 0"),
    )
    op.create_index(
        "ix_tasks_special",
        "tasks",
        ["pool", "kind", "stratum", "position"],
        sqlite_where=sa.text("kind <> 'real'"),
        postgresql_where=sa.text("kind <> 'real'"),
    )
    op.create_table(
        "answers",
        sa.Column("key", big_key, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("task", big_key, nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("annotator", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("leased", moment, nullable=False),
        sa.Column("received", moment, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("excluded_by", sa.BigInteger(), nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotator"], ["annotators.key"], name="fk_answers_annotator", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_answers_pool", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task"], ["tasks.key"], name="fk_answers_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_answers"),
        sa.UniqueConstraint("id", name="uq_answers_id"),
    )
    op.create_index("ix_answers_annotator_key", "answers", ["annotator", "key"])
    op.create_index(
        "ix_answers_judged",
        "answers",
        ["annotator", "key"],
        sqlite_where=sa.text("correct IS NOT NULL"),
        postgresql_where=sa.text("correct IS NOT NULL"),
    )
    op.create_index("ix_answers_pool_key", "answers", ["pool", "key"])
    op.create_index(
        "uq_answers_in_force",
        "answers",
        ["task", "annotator"],
        unique=True,
        sqlite_where=sa.text("state <> 'undone'"),
        postgresql_where=sa.text("state <> 'undone'"),
    )
    op.create_table(
        "assignments",
        sa.Column("annotator", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("again", sa.BigInteger(), nullable=False),
        sa.Column("ahead", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("golden", sa.Integer(), nullable=False),
        sa.Column("golden_correct", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotator"], ["annotators.key"], name="fk_assignments_annotator", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_assignments_pool", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("annotator", "pool", name="pk_assignments"),
    )
    op.create_index("ix_assignments_pool", "assignments", ["pool"])
    op.create_table(
        "leases",
        sa.Column("key", big_key, nullable=False),
        sa.Column("task", big_key, nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("annotator", sa.Integer(), nullable=False),
        sa.Column("begun", moment, nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.Column("ended", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["annotator"], ["annotators.key"], name="fk_leases_annotator", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_leases_pool", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task"], ["tasks.key"], name="fk_leases_task", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_leases"),
        sa.UniqueConstraint("task", "annotator", name="uq_leases_task_annotator"),
    )
    op.create_index(
        "ix_leases_expires",
        "leases",
        ["pool", "expires"],
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_index(
        "ix_leases_held",
        "leases",
        ["annotator", "pool"],
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
