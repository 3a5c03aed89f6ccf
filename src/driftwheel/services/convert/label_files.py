"""Open label files where they lie: in a folder, or in a zip archive, which is not unpacked."""

from __future__ import annotations

import lzma
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from driftwheel.errors import LabelFormatError, UsageError
from driftwheel.formats.image_name import image_name
from driftwheel.sources.folder import printable

__all__ = ["LabelPlace", "open_label_place"]

_MOST_BYTES = 64 << 20  # of one label file that is read as a whole
_DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, zlib.error, lzma.LZMAError)
_MOST_UNPACKED = 16 << 30


class LabelPlace(Protocol):
    """A folder or archive: `driftwheel.formats.label_files.LabelFiles`, and large files as streams."""

    @property
    def called(self) -> str:
        """What errors call it."""

    def names(self) -> Sequence[str]:
        """Return the paths of all files, with ``/``, sorted."""

    def read(self, name: str, most: int = _MOST_BYTES) -> bytes:
        """Return what is in one; `LabelFormatError` when it has more bytes than `most`."""

    def begin(self, name: str, size: int) -> bytes:
        """Return its first bytes."""

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """Open one that can be rewound."""


@contextmanager
def open_label_place(path: Path) -> Iterator[LabelPlace]:
    """Open a folder, a zip archive, or a single file, which is then all there is.

    Raises
    ------
    UsageError
        When it is not there.
    LabelFormatError
        For an archive that is damaged, or has names that lead out of it.
    """
    if path.is_dir():
        yield _Folder(path, dict(_walk(path)))
        return
    if not path.is_file():
        raise UsageError(f"There is no file or folder '{path}'.")
    if path.suffix.lower() != ".zip":
        yield _Folder(path.parent, {path.name: path})
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise LabelFormatError(f"{path} cannot be opened: {error}. Get it anew.") from None
    with archive:
        yield _Archive(path, archive)


class _Folder:
    def __init__(self, path: Path, files: dict[str, Path]) -> None:
        self._path, self._files = path, files

    @property
    def called(self) -> str:
        return str(self._path)

    def names(self) -> Sequence[str]:
        return sorted(self._files)

    def read(self, name: str, most: int = _MOST_BYTES) -> bytes:
        if self._files[name].stat().st_size > most:
            raise LabelFormatError(f"{self.called}/{name} has over {most:,} bytes, too many for such a file.")
        return self._files[name].read_bytes()

    def begin(self, name: str, size: int) -> bytes:
        with self._files[name].open("rb") as opened:
            return opened.read(size)

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        with self._files[name].open("rb") as opened:
            yield opened


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield (path below the root with ``/``, path) of regular files.

    Links are followed, except one to a folder that it lies in.
    """
    waiting: list[tuple[str, str, frozenset[tuple[int, int]]]] = [(os.fspath(root), "", frozenset())]
    while waiting:
        folder, before, above = waiting.pop()
        try:
            itself = os.stat(folder)  # noqa: PTH116 - a folder may have a hundred thousand files
            if (identity := (itself.st_dev, itself.st_ino)) in above:
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _is_hidden(entry.name):
                        continue
                    if entry.is_dir():
                        waiting.append((entry.path, f"{before}{printable(entry.name)}/", above | {identity}))
                    elif entry.is_file():
                        yield before + printable(entry.name), Path(entry.path)
        except OSError as error:
            raise LabelFormatError(f"{folder} cannot be read: {error.strerror}.") from None


def _folder_around(names: Sequence[str]) -> str:
    """Return the folder, with its ``/``, that holds everything in an archive and a label file directly."""
    top = names[0].partition("/")[0] + "/" if names else ""
    if not top or not all(name.startswith(top) for name in names):
        return ""
    direct = [name for name in names if name.count("/") == 1]
    return (
        top
        if any(Path(name).suffix in {".yaml", ".yml", ".names", ".xml", ".json", ".csv"} for name in direct)
        else ""
    )


def _is_hidden(name: str) -> bool:
    """Whether it begins with a dot, or is what systems leave behind."""
    parts = name.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or parts[-1] == "Thumbs.db"


class _Archive:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive = path, archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            if member.is_dir():
                continue
            name = image_name(member.filename, str(path))
            if _is_hidden(name):
                continue
            if name in self._members:
                raise LabelFormatError(f"{path} has two files '{name}'. Pack it anew.")
            if member.flag_bits & 1:
                raise LabelFormatError(f"{path} is locked by a password. Unpack it first.")
            self._members[name] = member
        if around := _folder_around(list(self._members)):
            self._members = {name.removeprefix(around): member for name, member in self._members.items()}

    @property
    def called(self) -> str:
        return str(self._path)

    def names(self) -> Sequence[str]:
        return sorted(self._members)

    def read(self, name: str, most: int = _MOST_BYTES) -> bytes:
        data = self.begin(name, most + 1)
        if len(data) > most:
            raise LabelFormatError(
                f"{self.called}: {name} has over {most:,} bytes, too many for such a file."
            )
        return data

    def begin(self, name: str, size: int) -> bytes:
        with self._damage(name), self._archive.open(self._members[name]) as opened:
            return opened.read(size)

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        if self._members[name].file_size > _MOST_UNPACKED:
            raise LabelFormatError(
                f"{self.called}: {name} is too large. Unpack the archive, and give the file."
            )
        with tempfile.TemporaryFile() as unpacked:
            with self._damage(name), self._archive.open(self._members[name]) as opened:
                shutil.copyfileobj(opened, unpacked, 1 << 20)
            unpacked.seek(0)
            yield unpacked

    @contextmanager
    def _damage(self, name: str) -> Iterator[None]:
        try:
            yield
        except (*_DAMAGE, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk's fault
                raise
            raise LabelFormatError(
                f"{self.called}: {name} cannot be unpacked: {error}. Get it anew."
            ) from None
