"""The tables of the wheel's turns. What a column holds is said here and nowhere else."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Double, ForeignKey, Index, Integer, String, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique

from driftwheel.store.schema.columns import METADATA, UtcTime

__all__ = ["wheel_steps", "wheel_turns"]

_IS_OPEN = text("ended IS NULL")

wheel_turns = Table(  # from what began it to a promoted model, or to why there is none
    "wheel_turns",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),  # of the model, from 1 on
    Column("trigger", String(16), nullable=False),  # alert | performance | labels | schedule | hand
    Column("cause", Text, nullable=False),  # why it began, a sentence
    Column("alert", ForeignKey("episodes.key", ondelete="SET NULL")),
    Column("policy", JSON, nullable=False),  # the wheel's policy as it was then
    Column("champion", ForeignKey("model_versions.key", ondelete="SET NULL")),  # as it began
    Column("challenger", ForeignKey("model_versions.key", ondelete="SET NULL")),  # sent to the gate last
    Column("begun", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("step", String(16), nullable=False),  # see driftwheel.wheel.turn_step
    Column("waits", String(16)),  # what for: labels | review | training | gate | answer | images
    Column("waits_for", Text, nullable=False),  # the same in a sentence; empty: for nothing
    Column("due", UtcTime, nullable=False),  # when a worker looks at it next
    Column("ended", UtcTime),
    Column("outcome", String(16)),
    Column("reason", Text),  # of the outcome, a sentence
    Column("labels", Integer, nullable=False),  # images that people labelled for it
    Column("annotators", Integer, nullable=False),  # who did
    Column("people_seconds", Double, nullable=False),  # that they took to answer
    Column("machine_seconds", Double, nullable=False),  # of trainings, and of comparing on images
    Unique("model", "number"),
    Index("uq_wheel_turns_open", "model", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    Index("ix_wheel_turns_due", "due", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    Index(None, "alert"),
)

wheel_steps = Table(  # what a turn did, in order; a step comes again when the gate asks for more labels
    "wheel_steps",
    METADATA,
    Column("turn", ForeignKey("wheel_turns.key", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1 on
    Column("name", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # running | waiting | done | skipped
    Column("begun", UtcTime, nullable=False),
    Column("ended", UtcTime),
    Column("made", JSON, nullable=False),  # what → its key, or keys
    Column("found", JSON, nullable=False),  # numbers, by what they are
    Column("told", Text, nullable=False),  # what it did or found, a sentence
    Column("labels", Integer, nullable=False),
    Column("annotators", Integer, nullable=False),
    Column("people_seconds", Double, nullable=False),
    Column("machine_seconds", Double, nullable=False),
)
