"""States and facts of versions, aliases, gates, promotions, shadows.

The newest version of every model becomes its champion: that is the one people mean today. Earlier ones are
retired, and can be brought back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

__all__ = ["upgrade"]

revision = "r0012"
down_revision = "r0011"
branch_labels = None
depends_on = None

_WHY = "It was the newest version when champions were introduced."


def upgrade() -> None:
    """Make the columns and tables, and name the champions."""
    op.add_column(
        "model_versions", sa.Column("state", sa.String(length=16), server_default="trained", nullable=False)
    )
    op.add_column("model_versions", sa.Column("metrics", sa.JSON(), nullable=True))
    op.add_column("model_versions", sa.Column("dataset", sa.LargeBinary(length=32), nullable=True))
    op.add_column("model_versions", sa.Column("size", sa.BigInteger(), nullable=True))
    op.add_column("model_versions", sa.Column("latency", sa.Double(), nullable=True))
    _make_tables()
    _name_champions()


def _make_tables() -> None:
    moment = sa.BigInteger()  # microseconds since 1970 in UTC
    big_key = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    op.create_table(
        "model_aliases",
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=True),
        _of_model("model_aliases"),
        _of_version("model_aliases", "version"),
        sa.PrimaryKeyConstraint("model", "alias", name="pk_model_aliases"),
    )
    op.create_index("ix_model_aliases_version", "model_aliases", ["version"])
    op.create_table(
        "release_policies",
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("gates", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        _of_model("release_policies"),
        sa.PrimaryKeyConstraint("model", name="pk_release_policies"),
    )
    op.create_table(
        "gate_runs",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("challenger", sa.Integer(), nullable=False),
        sa.Column("champion", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("slice", sa.JSON(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("finished", moment, nullable=True),
        sa.Column("look", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("numbers", sa.JSON(), nullable=True),
        sa.Column("pool", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered", moment, nullable=True),
        sa.Column("answered_by", sa.String(length=128), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        _of_model("gate_runs"),
        _of_version("gate_runs", "challenger"),
        _of_version("gate_runs", "champion"),
        sa.ForeignKeyConstraint(["pool"], ["pools.key"], name="fk_gate_runs_pool", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("key", name="pk_gate_runs"),
    )
    op.create_index("ix_gate_runs_model_key", "gate_runs", ["model", "key"])
    op.create_index("ix_gate_runs_challenger_key", "gate_runs", ["challenger", "key"])
    op.create_table(
        "promotions",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("gate", sa.Integer(), nullable=True),
        sa.Column("time", moment, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _of_model("promotions"),
        _of_version("promotions", "version"),
        _of_version("promotions", "before"),
        sa.ForeignKeyConstraint(["gate"], ["gate_runs.key"], name="fk_promotions_gate", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("key", name="pk_promotions"),
    )
    op.create_index("ix_promotions_model_key", "promotions", ["model", "key"])
    op.create_table(
        "shadow_answers",
        sa.Column("key", big_key, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(length=128), nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("label", sa.String(length=256), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
        _of_model("shadow_answers"),
        _of_version("shadow_answers", "version"),
        sa.PrimaryKeyConstraint("key", name="pk_shadow_answers"),
        sa.UniqueConstraint("version", "record", name="uq_shadow_answers_version_record"),
    )
    op.create_index("ix_shadow_answers_version_key", "shadow_answers", ["version", "key"])


def _name_champions() -> None:
    versions = sa.table("model_versions", *(sa.column(name) for name in ("key", "model", "created", "state")))
    newest = sa.select(sa.func.max(versions.c.key)).group_by(versions.c.model)
    champions = versions.c.key.in_(newest)
    op.execute(versions.update().values(state="retired").where(~champions))
    op.execute(versions.update().values(state="champion").where(champions))
    aliases = sa.table(
        "model_aliases", *(sa.column(name) for name in ("model", "alias", "version", "since", "by"))
    )
    made = sa.select(
        versions.c.model,
        sa.literal("champion"),
        versions.c.key,
        versions.c.created,
        sa.literal("migration"),
    ).where(champions)
    op.execute(aliases.insert().from_select(["model", "alias", "version", "since", "by"], made))
    promotions = sa.table(
        "promotions",
        *(sa.column(name) for name in ("model", "version", "kind", "time", "by", "reason")),
    )
    told = sa.select(
        versions.c.model,
        versions.c.key,
        sa.literal("first"),
        versions.c.created,
        sa.literal("migration"),
        sa.literal(_WHY),
    ).where(champions)
    op.execute(promotions.insert().from_select(["model", "version", "kind", "time", "by", "reason"], told))


def _of_model(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["model"], ["models.key"], name=f"fk_{table}_model", ondelete="CASCADE")


def _of_version(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["model_versions.key"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )
