"""The tables of gates, promotions and shadows. What a column holds is said here and nowhere else."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from driftwheel.store.schema.columns import METADATA, BigKey, MaybeJson, UtcTime

__all__ = ["gate_runs", "model_aliases", "promotions", "release_policies", "shadow_answers"]

model_aliases = Table(  # names that stay while the version behind them changes
    "model_aliases",
    METADATA,
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), primary_key=True),
    Column("alias", String(16), primary_key=True),  # champion | challenger
    Column("version", ForeignKey("model_versions.key", ondelete="CASCADE"), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("cursor", BigInteger),  # of a shadow: records with keys up to it are answered or passed over
    Index(None, "version"),
)

release_policies = Table(  # what a model's gate asks, and who promotes; without a row, the default
    "release_policies",
    METADATA,
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), primary_key=True),
    Column("policy", String(16), nullable=False),  # ask | promote
    Column("gates", Boolean, nullable=False),  # whether a version that is trained goes to the gate by itself
    Column("rule", JSON, nullable=False),  # what is not the default, see driftwheel.performance.gate_rule
    Column("changed", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
)

gate_runs = Table(  # what was compared and decided; never changed once it is answered
    "gate_runs",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("challenger", ForeignKey("model_versions.key", ondelete="CASCADE"), nullable=False),
    Column("champion", ForeignKey("model_versions.key", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),  # waiting | done | failed
    Column("reason", Text),  # why it failed
    Column("slice", JSON, nullable=False),  # what drifted: since, until, tag, value, alert; {}: everything
    Column("rule", JSON, nullable=False),  # as in release_policies, then
    Column("policy", String(16), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("finished", UtcTime),
    Column("look", Integer),  # which look it was, from 1 on: at this pair, and at others before it
    Column("decision", String(16)),  # promote | refuse | label_more
    Column("numbers", MaybeJson),  # see driftwheel.services.release.gate_numbers
    Column("pool", ForeignKey("pools.key", ondelete="SET NULL")),  # that it opened for more labels
    Column("answer", String(16)),  # promoted | refused; None: nobody has answered
    Column("answered", UtcTime),
    Column("answered_by", String(128)),
    Column("note", Text),  # what the one who answered said
    # at the challengers that the same turn of the wheel had sent before: the error is shared with these
    Column("looks_at_others", Integer, nullable=False, server_default="0"),
    Index(None, "model", "key"),
    Index(None, "challenger", "key"),
)

promotions = Table(  # who or what made a version the champion, and why; only ever added to
    "promotions",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("version", ForeignKey("model_versions.key", ondelete="CASCADE"), nullable=False),
    Column("before", ForeignKey("model_versions.key", ondelete="CASCADE")),  # the champion until then
    Column("kind", String(16), nullable=False),  # first | promoted | rolled_back
    Column("gate", ForeignKey("gate_runs.key", ondelete="SET NULL")),  # that let it in; None: without one
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "model", "key"),
)

shadow_answers = Table(  # what a challenger says of records that the champion answered
    "shadow_answers",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("version", ForeignKey("model_versions.key", ondelete="CASCADE"), nullable=False),
    Column("record", String(128), nullable=False),  # its id
    Column("time", UtcTime, nullable=False),  # of the record
    Column("label", String(256), nullable=False),  # the class that it names
    Column("confidence", Double, nullable=False),
    Column("scores", LargeBinary, nullable=False),  # packed float16, in the order of the version's classes
    UniqueConstraint("version", "record"),
    Index(None, "version", "key"),
)
