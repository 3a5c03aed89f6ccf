"""Write everything an installation keeps to one file, while the server runs and goes on writing."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from driftwheel._version import __version__
from driftwheel.errors import UsageError
from driftwheel.services.operate.backup_archive import (
    FORMAT_VERSION,
    ArchiveWriter,
    Manifest,
    writing_archive,
)
from driftwheel.services.operate.whole_blob import read_whole
from driftwheel.services.progress import OnProgress
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.operate.snapshot import count_rows, digests_named, revision_of, take_snapshot

__all__ = ["Backup", "back_up"]

_MOST_SNAPSHOTS = 5
_PAUSE = 0.2  # seconds; a blob that is being put or deleted is out of sight for less


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made.

    Attributes
    ----------
    file
        The archive.
    size
        Its bytes.
    manifest
        What is in it. Blobs in `Manifest.missing` are lost or damaged in the installation itself.
    """

    file: Path
    size: int
    manifest: Manifest


def back_up(
    engine: Engine,
    blobs: Blobs,
    target: Path,
    *,
    now: datetime,
    wait: Callable[[float], None] = time.sleep,
    on_progress: OnProgress | None = None,
) -> Backup:
    """Write the database as it is at one moment, and every blob it names then, to a new tar file.

    First the tables are copied, then the blobs they name. What is logged meanwhile is not in the backup. A
    blob that retention deletes meanwhile was named when the tables were copied: then they are copied once
    more. Only a blob that is named again and again, and is not there, is missing, and the backup says so.

    Parameters
    ----------
    target
        A file that does not exist yet, in a folder that does. About as much space as the database takes is
        needed beside it while it is written.
    wait
        Sleeps so many seconds.

    Raises
    ------
    UsageError
        When `target` exists, or its folder does not.
    StorageFullError
        When it does not fit; nothing of it is kept then.
    DriftwheelError
        When the database is damaged.
    """
    _must_be_new(target)
    with (
        tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch,
        writing_archive(target, now) as archive,
    ):
        snapshot = Path(scratch) / "database.sqlite"
        missing = _add_blobs(engine, blobs, archive, snapshot, wait=wait, on_progress=on_progress)
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            release=__version__,
            made=now.isoformat(),
            database=engine.dialect.name,
            revision=revision_of(snapshot),
            database_sha256=archive.add_database(snapshot),
            tables=count_rows(snapshot),
            blobs=archive.blobs,
            blob_bytes=archive.blob_bytes,
            missing=tuple(sorted(digest.hex() for digest in missing)),
        )
        archive.add_manifest(manifest)
    return Backup(target, target.stat().st_size, manifest)


def _add_blobs(
    engine: Engine,
    blobs: Blobs,
    archive: ArchiveWriter,
    snapshot: Path,
    *,
    wait: Callable[[float], None],
    on_progress: OnProgress | None,
) -> set[bytes]:
    """Leave a snapshot whose blobs are all in the archive, and return those that cannot be had."""
    added: set[bytes] = set()
    missing: set[bytes] = set()
    for attempt in range(_MOST_SNAPSHOTS):
        if attempt:
            wait(_PAUSE)
            snapshot.unlink()
        take_snapshot(engine, snapshot)
        wanted = [digest for digest in digests_named(snapshot) if digest not in added]
        missing = set()
        for digest in wanted:
            data = read_whole(blobs, digest)
            if data is None:
                missing.add(digest)
            else:
                archive.add_blob(digest, data)
                added.add(digest)
            if on_progress is not None:
                on_progress("blobs", 1, len(added) + len(wanted))
        if not missing:
            break
    return missing


def _must_be_new(target: Path) -> None:
    if target.exists():
        raise UsageError(
            f"'{target}' exists already, and a backup never writes over anything. Give another name."
        )
    if not (folder := target.parent).is_dir():
        raise UsageError(
            f"Cannot write '{target}': there is no folder '{folder}'. Make it: mkdir -p '{folder}'"
        )
    if not os.access(folder, os.W_OK):
        raise UsageError(f"Cannot write '{target}': permission denied. Give a file in a folder of your own.")
