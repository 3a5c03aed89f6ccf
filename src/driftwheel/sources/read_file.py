"""Reading one file: its bytes, or why they cannot be had."""

from __future__ import annotations

import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Protocol

from driftwheel.images.signature import SIGNATURE_BYTES, format_of, other_format_of
from driftwheel.records import Image, Unreadable
from driftwheel.sources.file_kinds import file_kind
from driftwheel.sources.listing import Found

__all__ = ["MOST_BYTES", "ReadStream", "read_file", "reason_of"]

MOST_BYTES = 2**31 - 1
"""Larger files are not read: no image within the bound on pixels needs more."""


_BLOCK = 1 << 20
_REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((FileNotFoundError,), "no such file"),
    ((PermissionError,), "permission denied"),
    ((io.UnsupportedOperation, IsADirectoryError), "not a file"),
    ((EOFError,), "truncated in its archive"),
    ((zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError), "corrupt in its archive"),
    ((NotImplementedError,), "compressed in an unsupported way"),
)


class ReadStream(Protocol):
    """An open file, read from its beginning."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next `size` bytes, or all that are left."""

    def close(self) -> None:
        """Let go of the file."""


def read_file(name: str, open_stream: Callable[[], ReadStream]) -> Found:
    """Return the image a file holds, or why it cannot be read; None when it turns out to be no image.

    Parameters
    ----------
    name
        Path inside the source. One with an image's extension is always returned, whatever it holds; of any
        other, the first bytes must be those of an image.
    open_stream
        Called once; what it returns is closed.
    """
    try:
        stream = open_stream()
        try:
            start = b""
            if file_kind(name) != "image":
                start = stream.read(SIGNATURE_BYTES)
                if format_of(start) is None and other_format_of(start) is None:
                    return None
            data = _bounded(stream)
        finally:
            stream.close()
    except Exception as error:  # remote file systems raise what they like, and none of it may stop a run
        return Unreadable(name, reason_of(error))
    data = start + data if start else data
    if len(data) > MOST_BYTES:
        return Unreadable(name, "too many bytes")
    return Image(name, data) if data else Unreadable(name, "empty")


def _bounded(stream: ReadStream) -> bytes:
    """Return all bytes of a stream, or some more than `MOST_BYTES`; no buffer is larger than needed."""
    blocks: list[bytes] = []
    size = 0
    while size <= MOST_BYTES and (block := stream.read(_BLOCK)):
        blocks.append(block)
        size += len(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def reason_of(error: Exception) -> str:
    """Return why a file could not be read, in a phrase without its name, fit for counting.

    Examples
    --------
    >>> reason_of(FileNotFoundError("a.jpg")), reason_of(zipfile.BadZipFile("Bad CRC-32"))
    ('no such file', 'corrupt in its archive')
    """
    for kinds, reason in _REASONS:
        if isinstance(error, kinds):
            return reason
    if isinstance(error, RuntimeError) and "encrypted" in str(error):
        return "encrypted"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower()
    return f"cannot be read ({type(error).__name__})"
