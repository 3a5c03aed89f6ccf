"""The tables of what helps people to label: assistants, pre-labels, labels that nobody gave one by one.

They name tasks, pools and projects, and nothing there names them: a project without an assistant has no row
here.
"""

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
)

from driftwheel.store.schema.columns import METADATA, Digest, MaybeJson, UtcTime

__all__ = [
    "assistance",
    "assistants",
    "automatic_runs",
    "automatic_tasks",
    "image_embeddings",
    "label_sources",
    "pool_assistance",
    "prelabels",
    "shown_prelabels",
]

assistance = Table(  # how far the work for the assistant of a project is; no row: nothing was done yet
    "assistance",
    METADATA,
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("asked", Boolean, nullable=False),  # to be trained now, whatever has grown
    Column("tried", Integer),  # labels at the last training; None: none yet
    Column("space", Text),  # that embeddings were last looked for in
    Column("embedded", BigInteger, nullable=False),  # tasks up to this key have one, or never get one
    Column("reason", Text),  # why the last training made none
)

assistants = Table(  # one for each training
    "assistants",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("trained", UtcTime, nullable=False),
    Column("seconds", Double, nullable=False),  # that it took
    Column("space", Text, nullable=False),  # of the embeddings that it reads
    Column("head", LargeBinary),  # see driftwheel.services.assist.kept_head; None: replaced, nothing needs it
    Column("labels", Integer, nullable=False),  # learnt from
    Column("report", JSON, nullable=False),  # what was measured: see services.assist.train_assistant
    Index(None, "project", "key"),
)

pool_assistance = Table(  # no row: as driftwheel.store.assist.assist_options says
    "pool_assistance",
    METADATA,
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), primary_key=True),
    Column("prelabels", String(16), nullable=False),  # off | assistant | model
    Column("hidden_share", Double, nullable=False),  # of tasks that show none, to see what they do to answers
)

prelabels = Table(  # of tasks, from a file
    "prelabels",
    METADATA,
    Column("task", ForeignKey("tasks.key", ondelete="CASCADE"), primary_key=True),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Index(None, "pool"),
)

shown_prelabels = Table(  # what came with a task, or was held back; it stays for as long as the lease
    "shown_prelabels",
    METADATA,
    Column("lease", ForeignKey("leases.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("payload", MaybeJson),  # None: there was none to show
    Column("confidence", Double, nullable=False),
    Column("source", String(16), nullable=False),  # assistant | model | import | held | none
    Column("shown", Boolean, nullable=False),
    Index(None, "pool", "lease"),
)

automatic_runs = Table(  # labels accepted without a look, under a bound on the share of wrong ones
    "automatic_runs",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("assistant", ForeignKey("assistants.key", ondelete="CASCADE"), nullable=False),  # stays the same
    # sampling | accepting | auditing | finished | nothing | stopping | stopped | undoing | undone | cancelled
    Column("state", String(16), nullable=False),
    Column("bound", Double, nullable=False),
    Column("risk", Double, nullable=False),
    Column("last_task", BigInteger, nullable=False),  # tasks added later are none of it
    Column("waiting", Integer, nullable=False),  # tasks when it began
    Column("threshold", Double),  # least confidence that is accepted
    Column("numbers", JSON, nullable=False),  # what was found: see services.assist.automatic_run
    Column("audit", MaybeJson),  # see driftwheel.agreement.audit
    Column("reason", Text, nullable=False),  # where it stands, a sentence
    Column("begun", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("ended", UtcTime),
    Index(None, "pool", "key"),
)

automatic_tasks = Table(  # tasks of a run that people answer to check it, and those that were accepted
    "automatic_tasks",
    METADATA,
    Column("run", ForeignKey("automatic_runs.key", ondelete="CASCADE"), primary_key=True),
    Column("task", ForeignKey("tasks.key", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False),  # sample | audit | accepted
    Column("payload", JSON, nullable=False),  # what the assistant says
    Column("confidence", Double, nullable=False),
    Column("correct", Boolean),  # as people found; None: not known yet, or ever
    Index(None, "task"),
)

label_sources = Table(  # finished tasks whose label did not come of answers
    "label_sources",
    METADATA,
    Column("task", ForeignKey("tasks.key", ondelete="CASCADE"), primary_key=True),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("source", String(16), nullable=False),  # automatic | import
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Index(None, "pool", "source"),
)

image_embeddings = Table(  # of images of tasks whose record has none in that space
    "image_embeddings",
    METADATA,
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), primary_key=True),
    Column("image", Digest, primary_key=True),
    Column("space", Text, primary_key=True),
    Column("embedding", LargeBinary, nullable=False),  # packed float16
)
