"""A folder of images, with all that is below it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from driftwheel.records import Unreadable
from driftwheel.sources.file_kinds import file_kind
from driftwheel.sources.listing import Found, Listing, read_each
from driftwheel.sources.local_file import read_local_file
from driftwheel.sources.read_file import reason_of

__all__ = ["Files", "list_files", "list_folder", "printable", "walk_folder"]


class Files(NamedTuple):
    """Local files that may be images (name → path), what cannot be read, and how many were passed over."""

    files: dict[str, str]
    unreadable: dict[str, Unreadable]
    skipped: int


def list_folder(root: Path) -> Listing:
    """Return the images below `root`, by name: the path from `root` on, with ``/``.

    Links are followed, except one to a folder that it lies in. A folder that cannot be read, and a link that
    leads nowhere, count as unreadable.
    """
    return list_files(f"folder {root}", walk_folder(root))


def list_files(describe: str, found: Files) -> Listing:
    """Return local files as a listing, in order of name."""
    names = sorted(found.files.keys() | found.unreadable.keys())

    def read(name: str) -> Found:
        return found.unreadable.get(name) or read_local_file(name, found.files[name])

    return Listing(describe, len(names), found.skipped, lambda wanted: read_each(names, read, wanted))


def walk_folder(root: Path, before: str = "") -> Files:
    """Return what is below `root`, with `before` in front of every name."""
    files: dict[str, str] = {}
    unreadable: dict[str, Unreadable] = {}
    skipped = 0
    todo: list[tuple[str, str, frozenset[tuple[int, int]]]] = [(os.fspath(root), before, frozenset())]
    while todo:
        folder, prefix, above = todo.pop()
        try:
            itself = os.stat(folder)  # noqa: PTH116
            identity = itself.st_dev, itself.st_ino
            if identity in above:
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = prefix + printable(entry.name)
                    if file_kind(name) == "side":
                        skipped += not _is_folder(entry)
                    elif _is_folder(entry):
                        todo.append((entry.path, name + "/", above | {identity}))
                    elif _is_file(entry):
                        files[name] = entry.path
                    elif entry.is_symlink():
                        unreadable[name] = Unreadable(name, "no such file")
                    else:
                        skipped += 1
        except OSError as error:
            unreadable[prefix or "."] = Unreadable(prefix or ".", reason_of(error))
    return Files(files, unreadable, skipped)


def printable(name: str) -> str:
    r"""Return a file name as text that can be stored: bytes that are not UTF-8 as ``\xe9``.

    Examples
    --------
    >>> printable("é.jpg"), printable("\udce9.jpg")
    ('é.jpg', '\\xe9.jpg')
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False
