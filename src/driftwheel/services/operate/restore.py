"""Bring an installation back from a backup: checked first, then all of it at once."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from driftwheel.errors import BackupError, UsageError
from driftwheel.services.crash_points import reach
from driftwheel.services.operate.backup_archive import DATABASE, Manifest, check_archive, read_members
from driftwheel.services.operate.whole_blob import read_whole
from driftwheel.services.progress import OnProgress
from driftwheel.store.engine.database import open_database, sqlite_file, writing
from driftwheel.store.engine.in_use import is_in_use
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.files.synced_file import sync_folder
from driftwheel.store.operate.audit import note
from driftwheel.store.operate.snapshot import digests_named, has_rows, load_snapshot

__all__ = ["Restored", "restore"]

_SCRATCH = ".restore-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back.

    Attributes
    ----------
    manifest
        Of the backup.
    blobs
        How many were put; those that were there already do not count.
    missing
        Blobs that the database names, but that neither the backup nor the installation has.
    replaced
        Where the database that stood in the place is now; None where there was none, or on PostgreSQL.
    """

    manifest: Manifest
    blobs: int
    missing: int
    replaced: Path | None


def restore(
    archive: Path,
    engine: Engine,
    blobs: Blobs,
    *,
    scratch: Path,
    workflows: Path | None,
    now: datetime,
    by: str,
    replace: bool = False,
    on_progress: OnProgress | None = None,
) -> Restored:
    """Put what a backup holds in the place of an empty installation, SQLite or PostgreSQL alike.

    The whole archive is checked before anything is changed. The blobs are put first, as no record may name
    one that is not there; then the database changes in one step. If that fails, or the process ends before,
    the installation is what it was, and the same command can be given again.

    Parameters
    ----------
    archive
        What `back_up` wrote.
    engine
        The database to fill; it need not exist, and its tables need not be made.
    scratch
        A folder with space for the database; for SQLite on the disk of the database.
    workflows
        The file in which DBOS kept its work on the database that is replaced; it is deleted. None on
        PostgreSQL, where a schema of the database holds it.
    now, by
        For the audit.
    replace
        Replace what is there. An SQLite file is kept beside the new one.

    Raises
    ------
    BackupError
        When the backup is damaged or cannot be read; nothing was changed.
    UsageError
        When the installation is not empty and `replace` is not given, a server still uses the database, or
        the backup is of a newer release; nothing was changed.
    StorageFullError
        When the blobs do not fit; the database was not changed.
    """
    manifest, present = check_archive(archive, on_progress)
    _must_be_free(engine, replace=replace)
    reach("restore-checked")
    for left in scratch.glob(f"{_SCRATCH}*"):  # of one that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=scratch) as folder:
        snapshot = Path(folder) / DATABASE
        _extract_database(archive, snapshot)
        _prepare(snapshot, manifest, archive, by=by, now=now)
        named = set(digests_named(snapshot))
        put = _put_blobs(archive, blobs, named & present, on_progress)
        missing = sum(not blobs.exists(digest) for digest in named - present)
        reach("restore-blobs-put")
        _must_be_free(engine, replace=replace)  # once more: that took its time
        file = sqlite_file(engine)
        if file is not None:
            if workflows is not None:
                _delete_sqlite(workflows)
            replaced = _swap_in(snapshot, file, now)
        else:
            replaced = None
            migrate(engine)
            load_snapshot(snapshot, engine)
        reach("restore-done")
    return Restored(manifest, put, missing, replaced)


def _must_be_free(engine: Engine, *, replace: bool) -> None:
    if is_in_use(engine):
        raise UsageError(
            "The database is in use. Stop every server and worker of this installation first, then restore."
        )
    file = sqlite_file(engine)
    if replace or (file is not None and not file.exists()):
        return
    try:
        filled = has_rows(engine)
    except DBAPIError:  # there is something, and it cannot be read
        filled = True
    engine.dispose()
    if filled:
        raise UsageError(
            "The installation is not empty, and restoring replaces all of it. Restore into another --data "
            "folder or database, or give --replace."
        )


def _extract_database(archive: Path, target: Path) -> None:
    for name, file, _ in read_members(archive):
        if name == DATABASE:
            with target.open("xb") as out:
                shutil.copyfileobj(file, out, 1024 * 1024)
            return
    raise BackupError(f"'{archive}' holds no database.")


def _prepare(snapshot: Path, manifest: Manifest, archive: Path, *, by: str, now: datetime) -> None:
    """Bring the tables to this release, and note in them that they were restored."""
    engine = open_database(f"sqlite:///{snapshot.as_posix()}")
    try:
        migrate(engine)
        with writing(engine) as connection:
            note(connection, now, by, "restore", archive.name[:256], {"made": manifest.made})
        is_in_use(engine)  # leaves no WAL beside the file
    finally:
        engine.dispose()


def _put_blobs(archive: Path, blobs: Blobs, wanted: set[bytes], on_progress: OnProgress | None) -> int:
    put = 0
    for name, file, _ in read_members(archive):
        if name == DATABASE:
            break
        digest = bytes.fromhex(name.rpartition("/")[2])
        if digest not in wanted:
            continue
        if read_whole(blobs, digest) is None:
            blobs.delete(digest)  # a damaged one
            if blobs.put(file.read()) != digest:
                raise BackupError(f"'{archive}' has changed while it was read: '{name}' is another.")
            put += 1
        if on_progress is not None:
            on_progress("blobs", 1, len(wanted))
    return put


def _swap_in(snapshot: Path, target: Path, now: datetime) -> Path | None:
    """Put the snapshot in the target's place in one step, and return where the target's file is kept."""
    with snapshot.open("rb") as file:
        os.fsync(file.fileno())
    kept = None
    if target.exists():
        kept = _free_name(target.with_name(f"{target.name}.replaced-{now:%Y%m%dT%H%M%S}"))
        try:
            os.link(target, kept)
        except OSError:  # a file system without links
            shutil.copy2(target, kept)
    for suffix in ("-wal", "-shm", "-journal"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    reach("restore-kept-old")
    snapshot.replace(target)
    sync_folder(target.parent)
    return kept


def _free_name(wanted: Path) -> Path:
    """Return the path, or the next with a number after it: a restore in the same second has its own."""
    names = (wanted if n == 1 else wanted.with_name(f"{wanted.name}-{n}") for n in itertools.count(1))
    return next(path for path in names if not path.exists())


def _delete_sqlite(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{file}{suffix}").unlink()
