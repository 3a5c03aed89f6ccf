"""The tables of label files that were read: what each did to which task, so that it can be undone."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from driftwheel.store.schema.columns import METADATA, Digest, MaybeJson, UtcTime

__all__ = ["imported_labels", "label_imports"]

label_imports = Table(
    "label_imports",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("name", String(256), nullable=False),  # of the file
    Column("what", String(16), nullable=False),  # what labels become: see services.exchange.import_count
    # checked: it waits for a person. waiting: for a worker. reading | done | failed | undoing | undone
    Column("state", String(16), nullable=False),
    Column("file", Digest),  # kept until it is read
    Column("options", JSON, nullable=False),  # how it is read: see services.exchange.kept_imports
    Column("images", BigInteger, nullable=False),  # looked at so far, or undone so far
    Column("report", MaybeJson),  # what came of it, or would
    Column("reason", Text),  # why it failed
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("ended", UtcTime),
    Column("undone", UtcTime),
    Column("undone_by", String(128)),
    Index(None, "project", "key"),
)

imported_labels = Table(  # what a file did to a task
    "imported_labels",
    METADATA,
    Column("label_import", ForeignKey("label_imports.key", ondelete="CASCADE"), primary_key=True),
    Column("task", BigInteger, primary_key=True, autoincrement=False),  # it may be gone
    Column("effect", String(16), nullable=False),  # added | labelled | corrected | prelabel
    Column("before", MaybeJson),  # what a file had said before, of those that were corrected
    Index(None, "task"),
)
