"""The tables of trainings. What a column holds is said here and nowhere else."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Double, ForeignKey, Index, Integer, String, Table, Text

from driftwheel.store.schema.columns import METADATA, Digest, MaybeJson, UtcTime

__all__ = ["training_lines", "training_runs"]

training_runs = Table(
    "training_runs",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # train | search | trial | repair | rehearsal | adapt
    Column("parent", ForeignKey("training_runs.key", ondelete="CASCADE")),  # of a trial: the search
    Column("dataset", ForeignKey("dataset_versions.key", ondelete="SET NULL")),  # that it learns from
    Column(
        "start", ForeignKey("model_versions.key", ondelete="SET NULL")
    ),  # that it goes on from; None: full
    Column("recipe", JSON, nullable=False),  # see driftwheel.learning.trainers.recipe
    Column("wish", JSON, nullable=False),  # what else was asked for, by kind
    Column("state", String(16), nullable=False),  # waiting | running | done | failed | stopped
    Column("reason", Text),  # why it failed, or who stopped it
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("begun", UtcTime),  # when a worker first took it
    Column("finished", UtcTime),
    Column("seconds", Double, nullable=False),  # that it has been worked on
    Column("attempts", Integer, nullable=False),  # how often a worker has taken it
    Column("checkpoint", Digest),  # among the blobs; None once it is done
    Column("artifact", Digest),  # of the ONNX file among the blobs
    Column("version", ForeignKey("model_versions.key", ondelete="SET NULL")),  # that it became
    Column("results", MaybeJson),  # what was measured, by kind
    Index(None, "model", "key"),
    Index(None, "parent"),
    Index(None, "state"),
    Index(None, "version"),
)

training_lines = Table(  # what a training told while it ran, the oldest first
    "training_lines",
    METADATA,
    Column("run", ForeignKey("training_runs.key", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0 on
    Column("time", UtcTime, nullable=False),
    Column("text", Text),  # a line of the log
    Column("epoch", MaybeJson),  # or an epoch, see driftwheel.learning.trainers.trainer
)
