"""A tar archive of images, plain or compressed with gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from driftwheel.errors import SourceError
from driftwheel.records import Unreadable
from driftwheel.sources.file_kinds import file_kind
from driftwheel.sources.listing import Found, Listing, Wanted
from driftwheel.sources.read_file import ReadStream, read_file
from driftwheel.sources.temporary_copy import TemporaryCopy

__all__ = ["list_tar"]

_DAMAGE = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError)
_PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open))

Places = dict[str, tuple[int, int]]
"""Name of a member → where its bytes begin, and how many they are."""


def list_tar(archive: Path | IO[bytes], describe: str) -> Listing:
    """Return the images in a tar archive, by their paths in it.

    A compressed archive is unpacked into a temporary file first, since it can only be read from front to back
    and its images are wanted in order of name; memory stays flat, and the disk needs room for it. Of members
    with the same path the last counts; links lead to the member they name. What comes after damage is lost,
    and counted as one unreadable image.

    Raises
    ------
    SourceError
        When the file is no tar archive, or damaged from the beginning.
    """
    try:
        copy, cut = _unpacked(archive)
        with _opened(archive if copy is None else copy) as stream:
            places, links, damaged = _members(stream)
    except _DAMAGE as error:
        raise SourceError(
            f"{describe} cannot be opened: {error}. It is damaged, or no tar archive."
        ) from None
    for name, target in links.items():
        places[name] = places.get(target, (-1, 0))
    names = sorted(name for name in places if file_kind(name) != "side")
    skipped = len(places) - len(names)
    lost = [Unreadable("(rest of the archive)", "truncated in its archive")] if cut or damaged else []

    def read(wanted: Wanted) -> Iterator[Found]:
        yield from (item for item in lost if wanted(item.image))
        with _opened(archive if copy is None else copy) as stream:
            for name in names:
                if wanted(name):
                    yield read_file(name, lambda place=places[name]: _member(stream, *place))  # type: ignore[misc]

    return Listing(describe, len(names) + len(lost), skipped, read)


def _unpacked(archive: Path | IO[bytes]) -> tuple[TemporaryCopy | None, bool]:
    """Return a copy of a compressed archive's contents, None of a plain one, and whether it was cut off."""
    with _opened(archive) as stream:
        start = stream.read(6)
        stream.seek(0)
        unpack = next((opener for magic, opener in _PACKED if start.startswith(magic)), None)
        if unpack is None:
            return None, False
        copy = TemporaryCopy()
        try:
            with unpack(stream, "rb") as contents:
                while block := contents.read1(1 << 16):  # gives all there is before a cut, as read does not
                    copy.file.write(block)
        except (EOFError, zlib.error, lzma.LZMAError, OSError):
            return copy, True
        return copy, False


@contextmanager
def _opened(archive: Path | IO[bytes] | TemporaryCopy) -> Iterator[IO[bytes]]:
    if isinstance(archive, Path):
        with archive.open("rb") as stream:
            yield stream
    else:
        held = archive.file if isinstance(archive, TemporaryCopy) else archive
        held.seek(0)
        yield held


def _members(stream: IO[bytes]) -> tuple[Places, dict[str, str], bool]:
    """Return where files are, what links lead to, and whether the archive is damaged further on."""
    places: Places = {}
    links: dict[str, str] = {}
    end = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:") as opened:
        try:
            while (member := opened.next()) is not None:
                opened.members = []  # type: ignore[attr-defined]  # would keep an object of every member
                name = posixpath.normpath(member.name).lstrip("/")
                if member.isreg():
                    places[name] = member.offset_data, member.size
                elif member.islnk():
                    links[name] = posixpath.normpath(member.linkname).lstrip("/")
                elif member.issym():
                    links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
        except _DAMAGE:
            if not places:
                raise
            return places, links, True
    cut = [name for name, (start, size) in places.items() if start + size > end]
    return places, links, bool(cut)


def _member(stream: IO[bytes], start: int, size: int) -> ReadStream:
    if start < 0:
        raise FileNotFoundError
    stream.seek(start)
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return io.BytesIO(data)
