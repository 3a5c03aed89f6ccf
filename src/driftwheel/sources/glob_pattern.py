"""A glob: the files and folders whose paths fit a pattern with ``*``, ``?``, ``[…]`` or ``**``."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from driftwheel.errors import SourceError
from driftwheel.records import Unreadable
from driftwheel.sources.chain import chain
from driftwheel.sources.file_kinds import archive_kind, file_kind
from driftwheel.sources.folder import Files, list_files, printable, walk_folder
from driftwheel.sources.listing import Listing
from driftwheel.sources.many_images import list_many

__all__ = ["is_glob", "list_glob"]


def is_glob(path: str) -> bool:
    """Return whether `path` has a glob's special characters.

    Examples
    --------
    >>> is_glob("day1/*.jpg"), is_glob("day1/a.jpg")
    (True, False)
    """
    return glob.has_magic(path)


def list_glob(pattern: str) -> Listing:
    """Return the images that fit `pattern`, by name: the path from where the pattern stops being plain.

    A folder that fits brings all below it; archives and Parquet files, when nothing else fits, what they
    hold. ``**`` stands for any number of folders.

    Raises
    ------
    SourceError
        When nothing fits.
    """
    root = _plain_part(pattern)
    paths = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    if not paths:
        raise SourceError(f"No file fits '{pattern}'. Quote it, so that the shell leaves it alone.")
    if all(archive_kind(path) for path in paths):
        return chain(f"glob {pattern}", [(_name(path, root), list_many(Path(path))) for path in paths])
    files: dict[str, str] = {}
    unreadable: dict[str, Unreadable] = {}
    skipped = 0
    for path in paths:
        name = _name(path, root)
        if Path(path).is_dir():
            below = walk_folder(Path(path), name + "/")
            files.update(below.files)
            unreadable.update(below.unreadable)
            skipped += below.skipped
        elif file_kind(name) == "side":
            skipped += 1
        else:
            files[name] = path
    return list_files(f"glob {pattern}", Files(files, unreadable, skipped))


def _plain_part(pattern: str) -> str:
    """Return the folder of `pattern` up to its first part with a special character, with a ``/``."""
    plain = []
    for part in pattern.replace(os.sep, "/").split("/")[:-1]:
        if glob.has_magic(part):
            break
        plain.append(part)
    return "".join(f"{part}/" for part in plain)


def _name(path: str, root: str) -> str:
    return printable(path).replace(os.sep, "/").removeprefix(root).rstrip("/")
