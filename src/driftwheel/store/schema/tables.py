"""The tables of what was logged, the same on SQLite and PostgreSQL. What a column holds is said here.

A migration (in `store/migrations/versions`) makes every change to them; a test holds the two together.
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
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from driftwheel.store.schema.columns import METADATA, BigKey, Digest, MaybeJson, UtcTime

__all__ = [
    "audit",
    "autoencoders",
    "edge_profiles",
    "feedback",
    "model_versions",
    "models",
    "records",
    "references",
    "sessions",
    "settings",
    "tokens",
    "truths",
    "users",
    "windows",
]

IS_RECEIVED = text("state = 0")  # the literal lets both databases use the index of the queue
HAS_OUTLIER_P = text("outlier_p IS NOT NULL")
HAS_ERROR = text("reconstruction_error IS NOT NULL")
IS_UNJUDGED = text("NOT stale AND (judged IS NULL OR judged <> revision)")

models = Table(
    "models",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("task", String(32), nullable=False),  # classification | detection
    Column("classes", JSON, nullable=False),  # list of names
    Column("window", String(16), nullable=False),  # hour | day | week: what one profile sums up
    Column("segment_tags", JSON, nullable=False),  # list of tag names whose values are segments
    Column("embedder", String(256), nullable=False),  # as `driftwheel check --embedder`
    Column("retention_days", Integer),  # records and their images are kept; None: for ever
    Column("keep_images", Double, nullable=False),  # share of images kept after they are profiled, 0…1
    Column("created", UtcTime, nullable=False),
    Column("false_alarms_per_year", Double, nullable=False, server_default="1"),  # the one dial
)

model_versions = Table(
    "model_versions",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("artifact", Digest),  # of the ONNX file among the blobs
    Column("created", UtcTime, nullable=False),
    Column("state", String(16), nullable=False, server_default="trained"),  # see store.models.version_states
    Column("metrics", MaybeJson),  # name → number, as its training measured them
    Column("dataset", Digest),  # of the dataset version it was trained on; None: not known
    Column("size", BigInteger),  # bytes of its file
    Column("latency", Double),  # median seconds for one image, as the gate measured them
    UniqueConstraint("model", "name"),
)

records = Table(
    "records",
    METADATA,
    Column("key", BigKey, primary_key=True),  # in the order received: pages and the queue go by it
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("id", String(128), nullable=False),  # the client's
    Column("body", Digest, nullable=False),  # of what the client told: the same again is a duplicate
    Column("model_version", String(128), nullable=False),
    Column("time", UtcTime, nullable=False),
    Column("received", UtcTime, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("image", Digest),
    Column("width", Integer),
    Column("height", Integer),
    Column("prediction", MaybeJson),  # as in the API
    Column("latency", Double),  # seconds
    Column("error", Text),
    # Worked out from the image; the records themselves are the queue for it.
    Column("state", SmallInteger, nullable=False),  # see driftwheel.store.schema.record_state
    Column("reason", Text),  # why the image was rejected
    Column("properties", LargeBinary),  # packed float32, in the order of the measuring release
    Column("embedding", LargeBinary),  # packed float16, projected to at most 128 dimensions
    Column("space", Text),  # of the embedding: the embedder's identity, "/" and the projection's id
    Column("hash", LargeBinary(8)),  # 64-bit difference hash: images like the one before are told by it
    Column("outlier_p", Double),  # conformal p-value beside the reference
    Column("reconstruction_error", Double),  # in nats a pixel and channel
    Column("autoencoder", Integer),  # key of the one whose error that is
    UniqueConstraint("model", "id"),
    Index(None, "model", "time", "key"),
    Index("ix_records_received", "key", sqlite_where=IS_RECEIVED, postgresql_where=IS_RECEIVED),
    Index(
        "ix_records_outlier",
        "model",
        "outlier_p",
        "key",
        sqlite_where=HAS_OUTLIER_P,
        postgresql_where=HAS_OUTLIER_P,
    ),
    Index(
        "ix_records_reconstruction",
        "model",
        "autoencoder",
        "reconstruction_error",
        "key",
        sqlite_where=HAS_ERROR,
        postgresql_where=HAS_ERROR,
    ),
    Index(None, "image"),
    sqlite_autoincrement=True,
)

truths = Table(  # ground truth, joined by the record's id; it may come before the record
    "truths",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("record", String(128), nullable=False),
    Column("truth", JSON, nullable=False),
    Column("received", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),  # the user or token that told it
    UniqueConstraint("model", "record"),
)

feedback = Table(
    "feedback",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("record", String(128), nullable=False),
    Column("wrong", Boolean, nullable=False),
    Column("truth", MaybeJson),
    Column("note", Text, nullable=False),
    Column("body", Digest, nullable=False),  # of all that was told: the same again is a duplicate
    Column("received", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    UniqueConstraint("model", "record", "body"),
)

edge_profiles = Table(  # profiles computed at the edge, as they came
    "edge_profiles",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("digest", Digest, nullable=False),
    Column("profile", LargeBinary, nullable=False),  # a .dwp file
    Column("start", UtcTime),  # of the first window in it; None for a profile without times
    Column("end", UtcTime),  # of the last window in it
    Column("received", UtcTime, nullable=False),
    UniqueConstraint("model", "digest"),
)

references = Table(
    "references",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # folder | range | trailing
    Column("source", JSON, nullable=False),  # what it is made from
    Column("state", String(16), nullable=False),  # measuring | ready | failed
    Column("reason", Text),  # why it failed; when ready, what is to be known of its embeddings
    Column("artifact", Digest),  # of the measured reference among the blobs
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("faults", Digest),  # of the simulated faults among the blobs; None until they are made
    Index(None, "model", "key"),
)

autoencoders = Table(  # never deleted but with the model: records name the one that looked at them
    "autoencoders",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("reference", ForeignKey("references.key", ondelete="CASCADE"), nullable=False),  # in use then
    Column("state", String(16), nullable=False),  # training | ready | failed | removed
    Column("reason", Text),  # why its training failed
    Column("settings", MaybeJson),  # what it is trained with here; None for a file that was given
    Column("artifact", Digest),  # of the ONNX file among the blobs
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Index(None, "model", "key"),
)

windows = Table(  # one profile for each window of each segment; "" and "" is the whole model
    "windows",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("model", ForeignKey("models.key", ondelete="CASCADE"), nullable=False),
    Column("start", UtcTime, nullable=False),
    Column("end", UtcTime, nullable=False),
    Column("tag", String(128), nullable=False),
    Column("value", String(256), nullable=False),
    Column("profile", LargeBinary),  # a .dwp file; None until it is first made
    Column("archive", LargeBinary),  # a .dwp file: of those of its records that retention has deleted
    Column("records", Integer, nullable=False),  # in the profile
    Column("rejected", Integer, nullable=False),  # images that could not be read
    Column("stale", Boolean, nullable=False),  # records have come since the profile was made
    Column("revision", BigInteger, nullable=False),  # counts up whenever records come
    Column("made", UtcTime),
    Column("predictions", LargeBinary),  # see driftwheel.profiles.prediction_summary
    Column("predictions_archive", LargeBinary),  # likewise, of records that retention has deleted
    Column("received", UtcTime),  # when the last of its records, or profiles, came
    Column("judged", BigInteger),  # the revision its verdict is of; None: no verdict, -1: one out of date
    Column(
        "left_out", Integer, nullable=False, server_default="0"
    ),  # of the whole: values that are no segments
    UniqueConstraint("model", "start", "tag", "value"),
    Index(None, "stale", "key"),
    Index("ix_windows_unjudged", "end", sqlite_where=IS_UNJUDGED, postgresql_where=IS_UNJUDGED),
)

users = Table(
    "users",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("password", String(256), nullable=False),  # argon2
    Column("role", String(16), nullable=False),  # admin | engineer | annotator | ingest | viewer
    Column("active", Boolean, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("last_seen", UtcTime),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("digest", Digest, primary_key=True),  # of the cookie's random value
    Column("user", ForeignKey("users.key", ondelete="CASCADE"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
)

tokens = Table(
    "tokens",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("digest", Digest, nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("role", String(16), nullable=False),
    Column("models", MaybeJson),  # names it is good for; None: all
    Column("created", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("expires", UtcTime),
    Column("revoked", UtcTime),
    Column("last_used", UtcTime),
)

settings = Table(
    "settings",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

audit = Table(  # who did what; only ever added to
    "audit",
    METADATA,
    Column("key", BigKey, primary_key=True),
    Column("time", UtcTime, nullable=False),
    Column("by", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", String(256), nullable=False),
    Column("details", JSON, nullable=False),
)
