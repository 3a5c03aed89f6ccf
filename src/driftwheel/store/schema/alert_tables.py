"""The tables of watching and alerting. What a column holds is said here and nowhere else."""

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
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from driftwheel.store.schema.columns import METADATA, BigKey, Digest, MaybeJson, UtcTime

__all__ = [
    "channels",
    "episodes",
    "evaluations",
    "forgotten_evaluations",
    "forgotten_messages",
    "monitor_revisions",
    "monitors",
    "notices",
    "notifications",
    "notified_groups",
    "verdicts",
]

IS_DUE = text("state = 'waiting'")
IS_OPEN = text("ended IS NULL")
IS_WANTED = text("ended IS NULL AND wanted")

verdicts = Table(  # one for each window of each segment: the latest; "" and "" is the whole model
    "verdicts",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("start", UtcTime, nullable=False),
    Column("end", UtcTime, nullable=False),
    Column("tag", String(128), nullable=False),
    Column("value", String(256), nullable=False),
    Column("revision", BigInteger, nullable=False),  # of the window as it was judged
    Column("reference", ForeignKey("references.key", ondelete="SET NULL")),  # held against; None: none
    Column("answer", String(16), nullable=False),  # drift | no_drift | insufficient | no_reference | error
    Column("kind", String(16)),  # as `driftwheel.drift.verdict.Kind`
    Column("p_value", Double),
    Column("alpha", Double),
    Column("n", Integer, nullable=False),  # images judged
    Column("headline", Text, nullable=False),  # the answer in a sentence
    Column("document", MaybeJson),  # `driftwheel.report.json_document` of the verdict
    Column("observations", JSON, nullable=False),  # signal → observation, see driftwheel.monitors
    Column("exemplars", JSON, nullable=False),  # ids of records that show the change best, at most 8
    Column("made", UtcTime, nullable=False),
    UniqueConstraint("model", "start", "tag", "value"),
)

monitors = Table(
    "monitors",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("definition", JSON, nullable=False),  # see driftwheel.monitors.monitor
    Column("revision", Integer, nullable=False),  # counts up with every change of the definition
    Column("enabled", Boolean, nullable=False),
    Column("origin", String(16), nullable=False),  # suggested | page | api | file
    Column("watch_from", UtcTime),  # windows that end up to then never page; None: all may
    Column("changed", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    UniqueConstraint("model", "name"),
)

monitor_revisions = Table(  # what a monitor was; only ever added to
    "monitor_revisions",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("monitor", ForeignKey("monitors.key", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("definition", JSON, nullable=False),
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    UniqueConstraint("monitor", "revision"),
)

evaluations = Table(  # the latest of each monitor for each window of each segment
    "evaluations",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("monitor", ForeignKey("monitors.key", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),  # of the monitor
    Column("start", UtcTime, nullable=False),
    Column("end", UtcTime, nullable=False),
    Column("tag", String(128), nullable=False),
    Column("value", String(256), nullable=False),
    Column("result", String(16), nullable=False),  # ok | breach | no_data | insufficient | error
    Column("cleared", Boolean, nullable=False),  # ok, and beyond the clear threshold
    Column("findings", JSON, nullable=False),  # list: signal, value, n, expected, threshold
    Column("time", UtcTime, nullable=False),
    UniqueConstraint("monitor", "start", "tag", "value"),
)

episodes = Table(  # one firing of a monitor on a segment, from its first breach to its end
    "episodes",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("instance", Digest, nullable=False),  # SHA-256 of the monitor and the labels
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("monitor", ForeignKey("monitors.key", ondelete="SET NULL")),
    Column("name", String(128), nullable=False),  # the monitor's
    Column("revision", Integer, nullable=False),  # of the monitor when it began
    Column("tag", String(128), nullable=False),
    Column("value", String(256), nullable=False),
    Column("severity", String(16), nullable=False),  # info | warning | critical
    Column("state", String(16), nullable=False),  # pending | firing | recovering | resolved | closed
    Column("began", UtcTime, nullable=False),  # start of the first window in breach
    Column("pending", UtcTime, nullable=False),  # when that was found
    Column("fired", UtcTime),
    Column("last_breach", UtcTime, nullable=False),  # end of the last window in breach
    Column("evaluated_until", UtcTime, nullable=False),  # end of the newest window it has seen
    Column("recovering", UtcTime),
    Column("ended", UtcTime),
    Column("reason", Text),  # why it was closed
    Column("acknowledged", UtcTime),
    Column("acknowledged_by", String(128)),
    Column("acknowledged_note", Text),
    Column("snoozed_until", UtcTime),
    Column("inhibited_by", BigInteger),  # key of the episode that explains it
    Column("flapping", Boolean, nullable=False),
    Column("document", JSON, nullable=False),  # what its message says, see driftwheel.alerts.message
    Index(None, "model", "key"),
    Index(None, "instance", "key"),
    Index("uq_episodes_open", "instance", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
)

channels = Table(
    "channels",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("url", Text, nullable=False),  # Apprise's; holds secrets, never shown again
    Column("enabled", Boolean, nullable=False),
    Column("models", MaybeJson),  # names; None: all
    Column("severities", MaybeJson),  # None: all
    Column("segments", MaybeJson),  # list of "tag=value"; None: all
    Column("quiet_hours", MaybeJson),  # see driftwheel.alerts.quiet_hours; None: none
    Column("group_wait", Integer, nullable=False),  # seconds before the first message of a group
    Column("group_interval", Integer, nullable=False),  # seconds between messages of a group that changed
    Column("repeat", Integer, nullable=False),  # seconds between messages of a group that did not
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("last_sent", UtcTime),
    Column("failing_since", UtcTime),
    Column("last_error", Text),
    Column("topics", MaybeJson),  # see driftwheel.alerts.routing; None: all, or alerts where some are chosen
    Column("noticed", BigInteger, nullable=False, server_default="0"),  # notices up to this key were seen to
)

notified_groups = Table(  # what one channel was told of one model
    "notified_groups",
    METADATA,
    Column("channel", ForeignKey("channels.key", ondelete="CASCADE"), primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), primary_key=True),
    Column("due", UtcTime),  # when to look again; None: nothing open
    Column("told", JSON, nullable=False),  # see driftwheel.alerts.grouping
    Column("last_sent", UtcTime),
)

notifications = Table(  # the outbox: a message to one channel
    "notifications",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("dedup", String(64), nullable=False, unique=True),
    Column("channel", ForeignKey("channels.key", ondelete="CASCADE"), nullable=False),
    Column("model", ForeignKey("models.key", ondelete="CASCADE")),
    Column("kind", String(16), nullable=False),  # see driftwheel.alerts.grouping
    Column("body", JSON, nullable=False),  # the message, see driftwheel.alerts.message
    Column("state", String(16), nullable=False),  # waiting | sent | dead
    Column("attempts", Integer, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("sent", UtcTime),
    Column("error", Text),
    Index("ix_notifications_due", "due", sqlite_where=IS_DUE, postgresql_where=IS_DUE),
    Index(None, "channel", "key"),
)

notices = Table(  # what people are told that is no alert: somebody is wanted, or something has ended
    "notices",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("topic", String(16), nullable=False),  # labels | decisions | turns
    Column("subject", String(128), nullable=False, unique=True),  # what it is about: no second is made of it
    Column("document", JSON, nullable=False),  # see driftwheel.alerts.message
    Column("wanted", Boolean, nullable=False),  # somebody is asked for; else it is only told
    Column("made", UtcTime, nullable=False),
    Column("ended", UtcTime),  # from then on nobody is wanted any more
    Index("ix_notices_open", "topic", sqlite_where=IS_WANTED, postgresql_where=IS_WANTED),
)

forgotten_evaluations = Table(  # how many retention has deleted: what is counted never goes down
    "forgotten_evaluations",
    METADATA,
    Column("monitor", ForeignKey("monitors.key", ondelete="CASCADE"), primary_key=True),
    Column("result", String(16), primary_key=True),  # as in `evaluations`
    Column("number", BigInteger, nullable=False),
)

forgotten_messages = Table(  # likewise of `notifications`
    "forgotten_messages",
    METADATA,
    Column("channel", ForeignKey("channels.key", ondelete="CASCADE"), primary_key=True),
    Column("result", String(16), primary_key=True),  # sent | dead | failed (attempts)
    Column("number", BigInteger, nullable=False),
)
