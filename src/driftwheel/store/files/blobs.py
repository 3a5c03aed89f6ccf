"""Blobs: whole files kept by the SHA-256 of their bytes, in a local folder or wherever fsspec reaches.

In a local folder a blob is written under a temporary name, synced, renamed to ``ab/cdef…`` and its folder
synced: when `Blobs.put` has returned, the blob outlives a power cut, and no reader ever sees a part of one.
Elsewhere (``s3://…``) one whole object is put, and the store's own word is taken that it is kept; what it
holds is asked of it each time, never of a listing that is remembered.
"""

from __future__ import annotations

import errno
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import fsspec

from driftwheel.errors import (
    BlobsUnreachableError,
    DriftwheelError,
    MissingExtraError,
    StorageFullError,
    UsageError,
)
from driftwheel.store.files.room import check_room, no_room
from driftwheel.store.files.synced_file import put_file, sync_folder

__all__ = ["Blobs"]

_FOLDER = re.compile(r"[0-9a-f]{2}")
_NAME = re.compile(r"[0-9a-f]{62}")
_ASIDE = "aside"  # a folder: what is being deleted
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def _ignore(step: str) -> None:
    del step


@dataclass(frozen=True, slots=True)
class Blobs:
    """A place of blobs. Make one with `Blobs.open`; threads and processes may share it.

    Attributes
    ----------
    root
        The folder, as `system` names it.
    folder
        The same on the local disk, None elsewhere.
    reserve
        Bytes of the local disk that are to stay free.
    on_step
        Told the name of each step of `put` when it is done: ``blob-written``, ``blob-synced``,
        ``blob-renamed``, ``blob-kept``. For tests that end the process there.
    """

    system: Any
    root: str
    folder: Path | None
    reserve: int = 0
    on_step: Callable[[str], None] = field(default=_ignore, compare=False)

    @classmethod
    def open(cls, url: str, *, reserve: int = 0, on_step: Callable[[str], None] = _ignore) -> Blobs:
        """Open the place at a folder's path or any URL of fsspec, making its folders where they are missing.

        Blobs that a process had set aside to delete when it ended are brought back.

        Raises
        ------
        UsageError
            When nothing can be kept there; the message says why.
        """
        try:
            system, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
            local = "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,))
            folder = Path(root) if local else None
            if folder is None:
                with _reaching(root):
                    system.makedirs(root, exist_ok=True)
            else:
                _make_folders(folder)
        except ImportError as error:
            if url.startswith(("s3://", "s3a://")):
                raise MissingExtraError("Keeping blobs at s3:// URLs", "s3") from None
            raise UsageError(f"Blobs cannot be kept at '{url}': {error}.") from None
        except (OSError, ValueError) as error:
            raise UsageError(
                f"Blobs cannot be kept at '{url}': {error}. Name a folder or a bucket."
            ) from None
        blobs = cls(system, root.rstrip("/"), folder, reserve, on_step)
        blobs.restore_set_aside()
        return blobs

    def put(self, data: bytes) -> bytes:
        """Keep `data` and return its SHA-256, 32 bytes; once it has returned, it is kept. Twice is once.

        Raises
        ------
        StorageFullError
            When no space is left for it above the reserve; nothing of it is kept then.
        OSError
            When the disk fails; nothing is promised then. What is no local folder and cannot be reached
            raises `BlobsUnreachableError`, here and from every other method.
        """
        digest = hashlib.sha256(data).digest()
        if self.folder is None:
            try:
                with _reaching(self.root):
                    if not self.system.exists(self._path(digest)):
                        self.system.pipe_file(self._path(digest), data)
            except FileNotFoundError as error:  # the bucket itself
                raise BlobsUnreachableError(f"Nothing can be kept at {self.root}: {error}") from error
            self.on_step("blob-kept")
            return digest
        self.check_room(len(data))
        try:
            put_file(Path(self._path(digest)), data, on_step=self.on_step)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFullError(no_room(self.folder)) from None
            raise
        return digest

    def check_room(self, size: int) -> None:
        """Raise `StorageFullError` when `size` more bytes would go below the reserve of a local disk."""
        if self.folder is not None:
            check_room(self.folder, size, reserve=self.reserve)

    def get(self, digest: bytes) -> bytes:
        """Return a blob; raise `FileNotFoundError` when it is not kept here."""
        with self.open_file(digest) as file:
            return file.read()

    def open_file(self, digest: bytes) -> IO[bytes]:
        """Open a blob for reading; raise `FileNotFoundError` when it is not kept here."""
        if self.folder is not None:
            return Path(self._path(digest)).open("rb")
        with _reaching(self.root):
            return io.BytesIO(self.system.cat_file(self._path(digest)))

    def exists(self, digest: bytes) -> bool:
        """Return whether a blob is kept."""
        if self.folder is not None:
            return Path(self._path(digest)).exists()
        with _reaching(self.root):
            return bool(self.system.exists(self._path(digest)))

    def size(self, digest: bytes) -> int:
        """Return the bytes of a blob; raise `FileNotFoundError` when it is not kept here."""
        if self.folder is not None:
            return Path(self._path(digest)).stat().st_size
        with _reaching(self.root):
            return int(self.system.size(self._path(digest)))

    def delete(self, digest: bytes, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Delete a blob, unless it is used after all; return whether it is gone.

        Who puts a blob that was there already looks once more, after its record is committed, and puts it
        again if need be. So `unless`, which asks the database for such records, is called when the blob can
        no longer be seen, and the blob comes back when it says yes: one of the two always sees the other. A
        process that ends in between leaves the blob set aside, and the next `open` brings it back.
        """
        path = self._path(digest)
        if self.folder is None:
            return self._delete_there(path, f"{self.root}/{_ASIDE}/{digest.hex()}", unless)
        aside = self.folder / _ASIDE / digest.hex()
        try:
            Path(path).rename(aside)
        except FileNotFoundError:
            return True
        if unless():
            _bring_back(aside, Path(path))
            return False
        aside.unlink(missing_ok=True)
        return True

    def walk(self) -> Iterator[bytes]:
        """Yield the digest of every blob, in no order; those put or deleted meanwhile may be among them."""
        if self.folder is not None:
            for path in self._files():
                if _NAME.fullmatch(path.name):
                    yield bytes.fromhex(path.parent.name + path.name)
            return
        for first in self._folders_there():  # a listing of all could fill the memory
            with _reaching(self.root):
                names = self.system.find(first)
            for name in names:
                folder, file = str(name).split("/")[-2:]
                if _NAME.fullmatch(file):
                    yield bytes.fromhex(folder + file)

    def restore_set_aside(self) -> int:
        """Bring back what ended processes had set aside to delete, and return how many blobs that was."""
        if self.folder is None:
            with _reaching(self.root):
                found = [str(name) for name in self.system.find(f"{self.root}/{_ASIDE}")]
                for name in found:
                    digest = name.rpartition("/")[2]
                    self._bring_back_there(name, f"{self.root}/{digest[:2]}/{digest[2:]}")
            return len(found)
        aside = list((self.folder / _ASIDE).iterdir())
        for path in aside:
            _bring_back(path, self.folder / path.name[:2] / path.name[2:])
        return len(aside)

    def sweep(self, before: datetime) -> int:
        """Delete temporary files last written before a moment, that ended processes left; return how many."""
        swept = 0
        for path in self._files():
            with suppress(FileNotFoundError):
                if path.name.startswith(".") and path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    swept += 1
        return swept

    def _folders_there(self) -> list[str]:
        with _reaching(self.root):
            try:
                names = [str(name).rstrip("/") for name in self.system.ls(self.root, detail=False)]
            except FileNotFoundError:  # an object store has no empty folders
                return []
        return [name for name in names if _FOLDER.fullmatch(name.rpartition("/")[2])]

    def _delete_there(self, path: str, aside: str, unless: Callable[[], bool]) -> bool:
        with _reaching(self.root):
            try:
                self.system.cp_file(path, aside)
            except FileNotFoundError:
                return True
            self.system.rm_file(path)
        if unless():
            with _reaching(self.root):
                self._bring_back_there(aside, path)
            return False
        with _reaching(self.root), suppress(FileNotFoundError):
            self.system.rm_file(aside)
        return True

    def _bring_back_there(self, aside: str, path: str) -> None:
        with suppress(FileNotFoundError):  # another process was faster
            self.system.cp_file(aside, path)
            self.system.rm_file(aside)

    def _files(self) -> Iterator[Path]:
        return iter(()) if self.folder is None else self.folder.glob("[0-9a-f][0-9a-f]/*")

    def _path(self, digest: bytes) -> str:
        if len(digest) != 32:
            raise UsageError(f"A blob is named by 32 bytes of SHA-256; {len(digest)} were given.")
        name = digest.hex()
        return f"{self.root}/{name[:2]}/{name[2:]}"


@contextmanager
def _reaching(root: str) -> Iterator[None]:
    """Tell whatever a distant store raises, other than that a blob is not there, as one kind of error."""
    try:
        yield
    except (FileNotFoundError, DriftwheelError):
        raise
    except Exception as error:  # each library has its own kinds
        raise BlobsUnreachableError(
            f"The images at {root} cannot be reached now: {str(error) or repr(error)}"
        ) from error


def _make_folders(folder: Path) -> None:
    """Make the folder and those in it, which are then never made in passing."""
    made = not (folder / "ff").is_dir()
    for name in (_ASIDE, *(f"{first:02x}" for first in range(256))):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if made:
        sync_folder(folder)
        sync_folder(folder.parent)


def _bring_back(aside: Path, target: Path) -> None:
    with suppress(FileNotFoundError):  # another process was faster
        aside.rename(target)
        sync_folder(target.parent)
