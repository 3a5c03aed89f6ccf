"""The file of a backup: a plain tar that tells by itself whether it is whole.

::

    blobs/<sha256>      every blob the database names, under the SHA-256 of its bytes
    database.sqlite     the tables: see `driftwheel.store.operate.snapshot`
    manifest.json       last: what is in the file, and the SHA-256 of the database

A file without its manifest is cut short; every other part is checked by its SHA-256.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from driftwheel.errors import BackupError, StorageFullError
from driftwheel.services.progress import OnProgress
from driftwheel.store.files.synced_file import sync_folder

__all__ = [
    "DATABASE",
    "FORMAT_VERSION",
    "MANIFEST",
    "ArchiveWriter",
    "Manifest",
    "check_archive",
    "read_members",
    "writing_archive",
]

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
DATABASE = "database.sqlite"
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    format_version
        Of the archive.
    release
        Of Driftwheel that wrote it.
    made
        When its moment is, UTC.
    database
        ``sqlite`` or ``postgresql``: where the tables came from. They can go to either.
    revision
        Of the tables, as Alembic names it.
    database_sha256
        Of ``database.sqlite``, in hexadecimal.
    tables
        Rows of each.
    blobs, blob_bytes
        How many are in the archive, and their size.
    missing
        Blobs that the database names, but that were gone or damaged when the backup was made.
    """

    format_version: int
    release: str
    made: str
    database: str
    revision: str
    database_sha256: str
    tables: dict[str, int]
    blobs: int
    blob_bytes: int
    missing: tuple[str, ...]

    def when(self) -> datetime:
        """Return the moment it was made."""
        return datetime.fromisoformat(self.made)


class ArchiveWriter:
    """Puts the parts of a backup into a tar, one after the other, with little memory."""

    def __init__(self, tar: tarfile.TarFile, made: datetime) -> None:
        self._tar = tar
        self._time = int(made.timestamp())
        self.blobs = 0
        self.blob_bytes = 0

    def add_blob(self, digest: bytes, data: bytes) -> None:
        """Add a blob; `data` must have this SHA-256."""
        self._add(f"blobs/{digest.hex()}", io.BytesIO(data), len(data))
        self.blobs += 1
        self.blob_bytes += len(data)

    def add_database(self, file: Path) -> str:
        """Add the snapshot of the database and return its SHA-256 in hexadecimal."""
        digest = _sha256_of(file)
        with file.open("rb") as opened:
            self._add(DATABASE, opened, file.stat().st_size)
        return digest

    def add_manifest(self, manifest: Manifest) -> None:
        """Add the manifest, after everything else."""
        data = json.dumps(asdict(manifest), indent=2, ensure_ascii=False).encode() + b"\n"
        self._add(MANIFEST, io.BytesIO(data), len(data))

    def _add(self, name: str, data: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, self._time, 0o600
        self._tar.addfile(member, data)
        _forget_members(self._tar)


@contextmanager
def writing_archive(target: Path, made: datetime) -> Iterator[ArchiveWriter]:
    """Yield the writer of a new archive, which is at `target` once all is written and synced, or not at all.

    Only its owner may read it: it holds password hashes and images.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield ArchiveWriter(tar, made)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError(
                f"No space is left in '{target.parent}' for the backup; nothing of it was kept."
            ) from None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def read_members(archive: Path) -> Iterator[tuple[str, IO[bytes], int]]:
    """Yield (name, file, bytes) of each part, in order; read each before the next.

    Nothing is ever written under a name from the archive; one that is not of a backup's parts is refused.

    Raises
    ------
    BackupError
        When it is no tar, damaged, or holds what no backup does.
    """
    with _told_as_backup_errors(archive), tarfile.open(archive, mode="r:") as tar:
        while (member := tar.next()) is not None:
            _forget_members(tar)
            file = tar.extractfile(member) if member.isreg() else None
            if file is None or not (member.name in {DATABASE, MANIFEST} or _BLOB.fullmatch(member.name)):
                raise BackupError(f"'{archive}' is no backup: it holds '{member.name}', which none does.")
            yield member.name, file, member.size


def check_archive(archive: Path, on_progress: OnProgress | None = None) -> tuple[Manifest, set[bytes]]:
    """Read all of an archive and return its manifest and the digests of its blobs, when every part is whole.

    Raises
    ------
    BackupError
        When a part is damaged, missing, or of a format that this release cannot read.
    """
    found: set[bytes] = set()
    database = ""
    document: Any = None
    size_of_blobs = 0
    with _told_as_backup_errors(archive):
        total = archive.stat().st_size
        for name, file, size in read_members(archive):
            if document is not None:
                raise BackupError(f"'{archive}' goes on after its manifest, the last part of a backup.")
            if name == MANIFEST:
                document = _parsed(archive, file.read())
                continue
            digest = hashlib.file_digest(cast("io.BufferedReader", file), "sha256").digest()
            if on_progress is not None:
                on_progress("checking", size, total)
            if name == DATABASE:
                database = digest.hex()
                continue
            if name != f"blobs/{digest.hex()}":
                raise _damaged(archive, name)
            found.add(digest)
            size_of_blobs += size
    if document is None:
        raise BackupError(f"'{archive}' has no manifest at its end: it was cut short. Take another backup.")
    manifest = _manifest(archive, document)
    if manifest.database_sha256 != database:
        raise _damaged(archive, DATABASE)
    if (manifest.blobs, manifest.blob_bytes) != (len(found), size_of_blobs):
        raise BackupError(
            f"'{archive}' should hold {manifest.blobs:,} blobs of {manifest.blob_bytes:,} bytes; it holds "
            f"{len(found):,} of {size_of_blobs:,}. Take another backup."
        )
    return manifest, found


def _sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _told_as_backup_errors(archive: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(
            f"'{archive}' cannot be read as a backup: {error}. It is no tar file, or damaged; take another."
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        raise BackupError(f"'{archive}' cannot be read: {error.strerror}. Name a file that can.") from None
    except FileNotFoundError:
        raise BackupError(
            f"There is no file '{archive}'. Name the .tar that `driftwheel backup` wrote."
        ) from None


def _forget_members(tar: tarfile.TarFile) -> None:
    """Keep the memory small: a tar remembers every part it has seen, some 1 KB each."""
    vars(tar)["members"].clear()


def _parsed(archive: Path, data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise _damaged(archive, MANIFEST) from None


def _manifest(archive: Path, document: Any) -> Manifest:
    version = document.get("format_version") if isinstance(document, dict) else None
    if version != FORMAT_VERSION:
        raise BackupError(
            f"'{archive}' is of format {version}; this release reads {FORMAT_VERSION}. Restore it with the "
            "release that made it, or a newer one."
        )
    try:
        return Manifest(**document | {"missing": tuple(document["missing"])})
    except (KeyError, TypeError):
        raise _damaged(archive, MANIFEST) from None


def _damaged(archive: Path, part: str) -> BackupError:
    return BackupError(f"'{archive}' is damaged: '{part}' is not what was written. Take another backup.")
