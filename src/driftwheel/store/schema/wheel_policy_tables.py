"""The tables of when the wheel turns. What a column holds is said here and nowhere else."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text

from driftwheel.store.schema.columns import METADATA, UtcTime

__all__ = ["wheel_policies", "wheel_sightings"]

wheel_policies = Table(  # when turns of a model begin and what they may cost; without a row, the default
    "wheel_policies",
    METADATA,
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), primary_key=True),
    Column("policy", JSON, nullable=False),  # what is not the default, see driftwheel.wheel.wheel_policy
    Column("changed", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
)

wheel_sightings = Table(  # what each trigger saw when a turn began by itself
    "wheel_sightings",
    METADATA,
    Column("turn", ForeignKey("wheel_turns.key", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # in the order of importance, from 1 on
    Column("trigger", String(16), nullable=False),  # alert | performance | labels | schedule
    Column("enabled", Boolean, nullable=False),  # whether the policy had it on
    Column("met", Boolean, nullable=False),  # whether a turn was to begin because of it
    Column("told", Text, nullable=False),  # what it saw, a sentence
    Column("found", JSON, nullable=False),  # the numbers and moments behind it
    Column("alert", Integer),  # key of the alert, which may be deleted since
)
