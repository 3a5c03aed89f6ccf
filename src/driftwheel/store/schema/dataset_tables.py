"""The tables of dataset versions. What a column holds is said here and nowhere else.

What a version holds lies among the blobs, see `driftwheel.datasets.manifest`; the rows name these blobs and
the images, so that retention leaves them alone and a backup takes them along.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from driftwheel.store.schema.columns import METADATA, Digest, MaybeJson, UtcTime

__all__ = ["dataset_blobs", "dataset_images", "dataset_versions"]

dataset_versions = Table(  # never changed once they are ready, but for the note, and never deleted
    "dataset_versions",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("number", Integer),  # 1, 2, … of the model, never given twice; None until it is ready
    Column("kind", String(16), nullable=False),  # class | multi-class | boxes
    Column("classes", JSON, nullable=False),  # list of names, in the order of their numbers
    Column("images", Integer, nullable=False),
    Column("digest", Digest),  # of the head among the blobs: the version's own; None until it is ready
    Column("content", Digest),  # of images, labels and splits alone
    Column("parent", ForeignKey("dataset_versions.key", ondelete="SET NULL")),  # that it was made of
    Column("made_from", JSON, nullable=False),  # see driftwheel.services.datasets.new_version
    Column("contents", MaybeJson),  # counts: see driftwheel.datasets.contents
    Column("left_out", JSON, nullable=False),  # why → [how many, the first names]
    Column("note", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("removed", UtcTime),  # its images and its blobs were let go then; the row stays
    Column("removed_by", String(128)),
    UniqueConstraint("model", "number"),
    Index(None, "digest"),
)

dataset_blobs = Table(  # its head and its parts, which hold its examples
    "dataset_blobs",
    METADATA,
    Column("version", ForeignKey("dataset_versions.key", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 0: the head; parts from 1
    Column("blob", Digest, nullable=False),
    Index(None, "blob"),
)

dataset_images = Table(  # the images that it names, while it is made already
    "dataset_images",
    METADATA,
    Column("image", Digest, primary_key=True),
    Column("version", ForeignKey("dataset_versions.key", ondelete="CASCADE"), primary_key=True),
    Index(None, "version"),
    sqlite_with_rowid=False,
)
