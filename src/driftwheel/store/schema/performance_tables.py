"""The tables of measuring performance: how labels were selected, sums by window, slices of failure."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from driftwheel.store.schema.columns import METADATA, BigKey, UtcTime

__all__ = ["failure_slices", "performance_due", "performance_windows", "task_selections"]

task_selections = Table(  # tasks whose image was selected by a rule; no row: nobody said how
    "task_selections",
    METADATA,
    Column("task", ForeignKey("tasks.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("reason", String(16), nullable=False),  # see driftwheel.store.labels.task_selections
    # The chance of every record of its windows, or of one segment of them, to be drawn; None: it was chosen.
    Column("probability", Double),
    Column("tag", String(128), nullable=False),  # of the segment; both empty: of the whole model
    Column("value", String(256), nullable=False),
)

performance_windows = Table(  # what is known of the predictions of a window of a segment; "" and "": whole
    "performance_windows",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("start", UtcTime, nullable=False),
    Column("end", UtcTime, nullable=False),
    Column("tag", String(128), nullable=False),
    Column("value", String(256), nullable=False),
    Column("predictions", Integer, nullable=False),
    Column("labels", Integer, nullable=False),  # of them with a label
    Column("sums", LargeBinary, nullable=False),  # see driftwheel.performance.performance_sums
    Column("made", UtcTime, nullable=False),
    UniqueConstraint("model", "start", "tag", "value"),
    Index(None, "model", "tag", "start"),
)

performance_due = Table(  # a row for each change of the records or labels of a window since it was summed up
    "performance_due",
    METADATA,
    Column("key", BigKey, primary_key=True),  # only ever added to, so that nobody waits for a lock
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("start", UtcTime, nullable=False),
    Index(None, "model", "start"),
)

failure_slices = Table(  # the newest search of each model
    "failure_slices",
    METADATA,
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), primary_key=True),
    Column("asked", Boolean, nullable=False),  # to be made now, whatever is new
    Column("labels", Integer, nullable=False),  # that it rests on; 0: none was made
    Column("document", JSON, nullable=False),  # see driftwheel.services.performance.slice_document
    Column("made", UtcTime),
)
