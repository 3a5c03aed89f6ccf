"""Apply retention: old records become part of their windows' archives, unwanted images go, profiles stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Engine

from driftwheel.profiles import Profile, from_bytes, merge, single, to_bytes
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.window_profile import WHOLE, in_space, main_space, sum_up
from driftwheel.services.watch.choose_segments import choose_segments
from driftwheel.services.watch.summarise_windows import edge_images
from driftwheel.services.watch.window_predictions import archive_predictions
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.records.record_columns import columns_of
from driftwheel.store.records.record_locks import lock_records
from driftwheel.store.records.retention import (
    delete_records,
    drop_images,
    measured_images,
    records_before,
    unused_digests,
)
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.windows.archives import archive_of, put_archive
from driftwheel.store.windows.windows import StoredWindow, list_windows, window_of

__all__ = [
    "Dropped",
    "archive_old_records",
    "delete_unused_blobs",
    "drop_unwanted_images",
    "keeps_image",
    "unused_blobs",
]

RECORDS_AT_ONCE = 300
"""Records of one transaction: it is to keep those who log waiting for no more than some 50 ms."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a step took away.

    Attributes
    ----------
    records
        Deleted, or left without their image.
    images
        Digests of their images, which may be in use elsewhere.
    last_key
        Where the next step goes on; None after the last.
    """

    records: int
    images: tuple[bytes, ...]
    last_key: int | None


def keeps_image(digest: bytes, share: float) -> bool:
    r"""Return whether an image belongs to the share of images that is kept, the same for ever.

    An image that is kept at one share is kept at every larger one.

    Examples
    --------
    >>> keeps_image(bytes(32), 0.01), keeps_image(b"\xff" * 32, 0.99), keeps_image(bytes(32), 0.0)
    (True, False, False)
    """
    return int.from_bytes(digest[:8], "big") < share * 2.0**64


def archive_old_records(
    engine: Engine, model: Model, *, now: datetime, limit: int = RECORDS_AT_ONCE
) -> Dropped:
    """Delete up to `limit` of the records that are older than the model keeps them, in one transaction.

    Only windows that lie before that time as a whole lose records, and only records whose image was measured.
    What they were goes into the archive of each window they were in, so that late data are still summed up
    with them; whether an image is like the one before it is not told across such a step.
    """
    if model.retention_days is None:
        return Dropped(0, (), None)
    before, _ = window_of(now - timedelta(days=model.retention_days), model.window)
    with writing(engine) as connection:
        old = records_before(connection, model.key, before, limit)
        locked = lock_records(connection, [row.key for row in old])
        done = [row for row in locked if row.state is not RecordState.RECEIVED]
        spans: defaultdict[tuple[datetime, datetime], list[StoredRecord]] = defaultdict(list)
        for row in done:
            spans[window_of(row.time, model.window)].append(row)
        for (start, end), rows in sorted(spans.items()):
            _archive(connection, model, start, end, rows)
        delete_records(connection, [row.key for row in done])
        reach("retention-archived")
    reach("retention-committed")
    images = tuple(sorted({row.image for row in done if row.image is not None}))
    return Dropped(len(done), images, done[-1].key if done else None)


def drop_unwanted_images(
    engine: Engine, model: Model, *, after_key: int = 0, limit: int = RECORDS_AT_ONCE
) -> Dropped:
    """Take the images that the model does not keep from up to `limit` measured records."""
    if model.keep_images >= 1.0:
        return Dropped(0, (), None)
    with writing(engine) as connection:
        rows = measured_images(connection, model.key, after_key, limit)
        wanted = [row.key for row in rows if row.image and not keeps_image(row.image, model.keep_images)]
        unwanted = lock_records(connection, wanted)
        drop_images(connection, [row.key for row in unwanted])
        reach("retention-dropped")
    reach("retention-drop-committed")
    images = tuple(sorted({row.image for row in unwanted if row.image is not None}))
    return Dropped(len(unwanted), images, rows[-1].key if rows else None)


def delete_unused_blobs(engine: Engine, blobs: Blobs, digests: Iterable[bytes]) -> int:
    """Delete those of these blobs that nothing uses, and return how many; safe as `Blobs.delete` says."""
    gone = 0
    for digest in sorted(_unused(engine, set(digests))):
        gone += blobs.delete(digest, unless=partial(_used, engine, digest))
        reach("retention-blob-deleted")
    return gone


def unused_blobs(engine: Engine, digests: Sequence[bytes]) -> list[bytes]:
    """Return those of these blobs that nothing uses now."""
    return sorted(_unused(engine, set(digests)))


def _used(engine: Engine, digest: bytes) -> bool:
    return not _unused(engine, {digest})


def _unused(engine: Engine, digests: Collection[bytes]) -> set[bytes]:
    with reading(engine) as connection:
        return unused_digests(connection, digests)


def _archive(
    connection: Connection, model: Model, start: datetime, end: datetime, rows: Sequence[StoredRecord]
) -> None:
    """Add records to the archives of the windows of one span that they are in."""
    segments = {WHOLE} | {pair for row in rows for pair in row.tags.items()}
    known = [
        one
        for one in list_windows(connection, model.key, since=start, until=end)
        if (one.start, one.end) == (start, end)
    ]
    gone: set[int] = set()
    if any(one.stale for one in known):  # else they were chosen already, by the same records
        choice = choose_segments(connection, known, partial(edge_images, connection, model, start, end))
        gone = {one.key for one in choice.dropped}  # as soon as the window is summed up
    windows = [one for one in known if (one.tag, one.value) in segments and one.key not in gone]
    found = sum_up(
        [columns_of(sorted(rows, key=lambda row: (row.time, row.id)))],
        [(one.tag, one.value) for one in windows],
    )
    space = main_space(found.spaces, ())
    for one in sorted(windows, key=lambda one: (one.start, one.tag, one.value)):  # see store.record_locks
        put_archive(connection, one.key, _with(connection, one, found.profile((one.tag, one.value), space)))
    archive_predictions(connection, windows, rows)


def _with(connection: Connection, window: StoredWindow, profile: Profile) -> bytes:
    """Return the archive of a window with more in it, in the space that most of it is in."""
    kept = archive_of(connection, window.key)
    parts = [profile] if kept is None else [from_bytes(kept, name="an archive").whole(), profile]
    space = main_space({}, parts) or profile.embedder
    return to_bytes(single(merge([in_space(part, space) for part in parts])))
