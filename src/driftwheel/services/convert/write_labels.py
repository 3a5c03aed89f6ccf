"""Write label files so that they are there whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from driftwheel.errors import UsageError
from driftwheel.formats.label_files import OutFile
from driftwheel.services.convert.label_images import LabelImages

__all__ = ["check_target", "whole_file", "write_files"]

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same labels make the same archive


def check_target(target: Path, *, is_folder: bool) -> None:
    """Raise `UsageError` where the target cannot be written: before any work is done."""
    if not target.parent.is_dir():
        folder = target.parent
        raise UsageError(
            f"Cannot write '{target}': there is no folder '{folder}'. Make it: mkdir -p '{folder}'"
        )
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"Cannot write '{target}': permission denied. Give a place in a folder of your own.")
    if is_folder and target.suffix.lower() != ".zip":
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UsageError(f"'{target}' is there already. Give a new folder, an empty one, or a .zip file.")
    elif target.is_dir():
        raise UsageError(f"Cannot write '{target}': it is a folder. Give the name of a file in it.")


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """Open a file that becomes `target` when all went well, and is gone when not."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
        partial.chmod(0o666 & ~_mask())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_files(files: Iterable[OutFile], target: Path | None, images: LabelImages | None) -> int:
    """Write files into a folder, or a zip archive if its name ends so; return how many.

    Parameters
    ----------
    target
        None writes nothing, but asks for every file.
    images
        Where images to copy come from.
    """
    if target is None:
        return sum(1 for _ in files)
    if target.suffix.lower() == ".zip":
        with whole_file(target) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            return sum(1 for file in files if _pack(archive, file, images))
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        count = 0
        for file in files:
            path = partial / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_content(file, images))
            count += 1
        partial.chmod(0o777 & ~_mask())
        if target.exists():
            target.rmdir()  # empty, as `check_target` saw; else this fails
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return count


def _pack(archive: zipfile.ZipFile, file: OutFile, images: LabelImages | None) -> bool:
    how = zipfile.ZIP_DEFLATED if file.image is None else zipfile.ZIP_STORED
    archive.writestr(zipfile.ZipInfo(file.path, _LONG_AGO), _content(file, images), how)
    return True


def _content(file: OutFile, images: LabelImages | None) -> bytes:
    if file.image is None:
        return file.content
    if images is None:
        raise UsageError("Images are to be copied. Say where they are: --images FOLDER.")
    return images.read(file.image)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
