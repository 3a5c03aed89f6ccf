"""Files that outlive a power cut: written aside, synced, renamed, and the folder synced."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["put_file", "sync_folder"]


def put_file(target: Path, data: bytes, *, on_step: Callable[[str], None] = lambda _: None) -> None:
    """Write a file whole or not at all; once this has returned, a power cut does not undo it.

    A file that is there already is taken to hold `data`: that is for names that follow from the contents.

    Parameters
    ----------
    on_step
        Told when a step is done: ``blob-written``, ``blob-synced``, ``blob-renamed``, ``blob-kept``.

    Raises
    ------
    OSError
        When the disk fails or is full; there is no new file then, or one of which nothing is promised.
    """
    if not target.exists():  # what is there was synced before it got its name
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb", buffering=0) as file:
                _write(file, data)
                on_step("blob-written")
                os.fsync(file.fileno())
            on_step("blob-synced")
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        on_step("blob-renamed")
    sync_folder(target.parent)  # even if it was there: who renamed it may not have come to this
    on_step("blob-kept")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut; nothing is done where one cannot ask (Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(file: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
