"""The tables of labelling. What a column holds is said here and nowhere else.

What is counted in one row for what lies in many (`tasks.answers`, `pools.done`, …) is changed in the same
transaction, while the row is locked; `driftwheel.store.labels.label_locks` says in which order.
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
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from driftwheel.store.schema.columns import METADATA, BigKey, Digest, MaybeJson, UtcTime

__all__ = [
    "annotators",
    "answers",
    "assignments",
    "challenges",
    "invitations",
    "label_events",
    "leases",
    "pools",
    "projects",
    "reviews",
    "tasks",
]

HAS_ROOM = text("room > 0")
IS_SPECIAL = text("kind <> 'real'")
IS_LIVE = text("ended IS NULL")
IS_IN_FORCE = text("state <> 'undone'")
IS_JUDGED = text("correct IS NOT NULL")
IS_IN_REVIEW = text("review IS NOT NULL")

projects = Table(
    "projects",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),  # whose images
    Column("answer", String(16), nullable=False),  # class | multi-class | boxes
    Column("classes", JSON, nullable=False),  # list of name, key, colour, in the order of the page
    Column("instructions", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
)

pools = Table(
    "pools",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("state", String(16), nullable=False),  # draft | open | closed
    Column("closed_because", String(16)),  # finished | budget | by_hand
    Column("overlap", SmallInteger, nullable=False),  # answers that every task gets
    Column("most_overlap", SmallInteger, nullable=False),  # more, up to so many, until it is sure enough
    Column("confidence", Double, nullable=False),  # what is sure enough, 0…1
    Column("golden_share", Double, nullable=False),  # of the tasks that are handed out, 0…1
    Column("exam_pass", Double, nullable=False),  # share of the exam's tasks to be answered right
    Column("lease_seconds", Integer, nullable=False),
    Column("price", BigInteger, nullable=False),  # of an answer, in millionths; 0: nothing is paid
    Column("most_paid", BigInteger),  # answers that the budget pays; None: no bound
    Column(
        "requires", JSON, nullable=False
    ),  # skills, languages, tags: see services.label.projects.requirements
    Column("tasks", Integer, nullable=False),  # real ones
    Column("done", Integer, nullable=False),  # of them that want no more answers
    Column("paid", BigInteger, nullable=False),  # answers
    Column("reserved", BigInteger, nullable=False),  # live leases, where there is a budget
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("rules", MaybeJson),  # those that are not the default: see services.label.projects.pool_rules
    Column("fast_limit", Double),  # s below which an answer is too fast; None: not known yet
    Column("watched", BigInteger),  # key of the last answer that was looked at for copies
    UniqueConstraint("project", "name"),
)

tasks = Table(
    "tasks",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # real | golden | training | exam
    # Handed out from the least; a task that is wanted again gets one below 0, which grows with time.
    Column("position", BigInteger, nullable=False),
    Column("record", String(128), nullable=False),  # id; the record itself may be deleted
    Column("image", Digest, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("reason", Text, nullable=False),  # why it was selected
    Column("truth", MaybeJson),  # the right answer; None of real ones
    Column("stratum", String(256)),  # the class by which golden tasks are balanced
    Column("state", String(16), nullable=False),  # open | done | disputed | set_aside
    Column("wanted", SmallInteger, nullable=False),  # answers; 0 of those that are not real
    Column("answers", SmallInteger, nullable=False),  # counted ones, and "cannot tell"
    Column("leases", SmallInteger, nullable=False),  # live ones
    Column("skips", SmallInteger, nullable=False),
    Column("room", SmallInteger, nullable=False),  # wanted − answers − leases while open, else 0
    Column("consensus", MaybeJson),  # what its answers amount to, as the payload of an answer
    Column("confidence", Double),  # of the consensus, 0…1
    Column("finished", UtcTime),
    Column("review", String(16)),  # why a person is to look: see store.review_queue; None: nobody is
    Column("reviewed", BigInteger),  # key of the review that decides; None: the answers do
    UniqueConstraint("pool", "record"),
    Index(None, "pool", "key"),
    Index(None, "image"),
    Index("ix_tasks_state", "pool", "kind", "state", "key"),
    Index("ix_tasks_room", "pool", "position", sqlite_where=HAS_ROOM, postgresql_where=HAS_ROOM),
    Index(
        "ix_tasks_special",
        "pool",
        "kind",
        "stratum",
        "position",
        sqlite_where=IS_SPECIAL,
        postgresql_where=IS_SPECIAL,
    ),
    Index("ix_tasks_review", "pool", "key", sqlite_where=IS_IN_REVIEW, postgresql_where=IS_IN_REVIEW),
)

invitations = Table(
    "invitations",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("digest", Digest, nullable=False, unique=True),  # of the secret in the link
    Column("note", String(256), nullable=False),
    Column("most", Integer),  # annotators who may join by it; None: no bound
    Column("joined", Integer, nullable=False),
    Column("gives", JSON, nullable=False),  # languages and tags of those who join
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("expires", UtcTime),
    Column("revoked", UtcTime),
)

annotators = Table(  # one for each project in which a person, or a worker of a crowd elsewhere, labels
    "annotators",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("user", ForeignKey("users.key", ondelete="SET NULL")),
    Column("token", ForeignKey("tokens.key", ondelete="SET NULL")),  # of who joined by a link
    Column("invitation", ForeignKey("invitations.key", ondelete="SET NULL")),
    Column("skills", JSON, nullable=False),  # name → 0…1
    Column("languages", JSON, nullable=False),  # list
    Column("tags", JSON, nullable=False),  # list
    Column("banned", BigInteger),  # key of the event; None: not banned
    Column("created", UtcTime, nullable=False),
    Column("paused", BigInteger),  # key of the event; None: not paused
    Column("paused_until", UtcTime),
    UniqueConstraint("project", "name"),
    UniqueConstraint("project", "user"),
    UniqueConstraint("token"),
)

assignments = Table(  # where an annotator stands in a pool
    "assignments",
    METADATA,
    Column("annotator", ForeignKey("annotators.key", ondelete="CASCADE"), primary_key=True),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), primary_key=True),
    Column("stage", String(16), nullable=False),  # training | exam | work | failed
    Column("again", BigInteger, nullable=False),  # tasks below 0 up to this position need no look
    Column("ahead", BigInteger, nullable=False),  # likewise of those above 0
    Column("given", Integer, nullable=False),  # leases while at work, golden ones too
    Column("answered", Integer, nullable=False),  # while at work, "cannot tell" too
    Column("skipped", Integer, nullable=False),
    Column("golden", Integer, nullable=False),  # golden tasks answered
    Column("golden_correct", Integer, nullable=False),
    Column("challenged", Integer),  # `given` at the last challenge
    Index(None, "pool"),
)

leases = Table(  # a task was given to an annotator: the last time, where it was more than once
    "leases",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("task", ForeignKey("tasks.key", ondelete="CASCADE"), nullable=False),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("annotator", ForeignKey("annotators.key", ondelete="CASCADE"), nullable=False),
    Column("begun", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("ended", UtcTime),
    UniqueConstraint("task", "annotator"),
    Index("ix_leases_expires", "pool", "expires", sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
    Index("ix_leases_held", "annotator", "pool", sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
)

answers = Table(  # never overwritten: one that is undone or excluded stays, and says so
    "answers",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),  # the client's UUID
    Column("task", ForeignKey("tasks.key", ondelete="CASCADE"), nullable=False),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("annotator", ForeignKey("annotators.key", ondelete="CASCADE"), nullable=False),
    Column("body", Digest, nullable=False),  # of all that was told: the same again is a duplicate
    Column("kind", String(16), nullable=False),  # answer | skip | cannot_tell
    Column("payload", MaybeJson),  # see driftwheel.services.label.consensus.answer_payload
    Column("reason", Text, nullable=False),  # of a skip, or why nobody can tell
    Column("seconds", Double),  # looked at it
    Column("leased", UtcTime, nullable=False),
    Column("received", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),  # counted | surplus | excluded | undone
    Column("excluded_by", BigInteger),  # key of the event
    Column("correct", Boolean),  # of golden, training and exam tasks
    Column("paid", Boolean, nullable=False),
    Index(
        "uq_answers_in_force",
        "task",
        "annotator",
        unique=True,
        sqlite_where=IS_IN_FORCE,
        postgresql_where=IS_IN_FORCE,
    ),
    Index(None, "pool", "key"),
    Index(None, "annotator", "key"),
    Index("ix_answers_received", "pool", "received"),
    Index("ix_answers_judged", "annotator", "key", sqlite_where=IS_JUDGED, postgresql_where=IS_JUDGED),
)

challenges = Table(  # what no script can answer: digits drawn into an image
    "challenges",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("annotator", ForeignKey("annotators.key", ondelete="CASCADE"), nullable=False),
    Column("digits", String(8), nullable=False),
    Column("asked", UtcTime, nullable=False),
    Column("shown", UtcTime),  # for the first time
    Column("replied", UtcTime),  # None: it waits
    Column("passed", Boolean),
    Index(None, "annotator", "key"),
)

reviews = Table(  # what a person decided of a task; only ever added to, the newest holds
    "reviews",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("pool", ForeignKey("pools.key", ondelete="CASCADE"), nullable=False),
    Column("task", ForeignKey("tasks.key", ondelete="CASCADE"), nullable=False),
    Column("why", String(16)),  # it was in the queue; None: it was in none
    Column("action", String(16), nullable=False),  # accept | edit | reject
    Column("payload", MaybeJson),  # what it was decided to be; None of a rejected one
    Column("consensus", MaybeJson),  # what it was before
    Column("confidence", Double),  # of that
    Column("reason", Text, nullable=False),
    Column("event", BigInteger),  # key of the event by which answers count no longer
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Index(None, "project", "key"),
    Index(None, "task"),
)

label_events = Table(  # what rules and people did to a project's work; only ever added to
    "label_events",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("project", ForeignKey("projects.key", ondelete="CASCADE"), nullable=False),
    Column("pool", Integer),
    Column("annotator", Integer),
    Column("task", BigInteger),
    Column("kind", String(32), nullable=False),  # see driftwheel.store.labels.label_events
    Column("reason", Text, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("undone", UtcTime),
    Column("undone_by", String(128)),
    Index(None, "project", "key"),
    Index(None, "annotator", "key"),
)
