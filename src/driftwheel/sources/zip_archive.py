"""A zip archive of images."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from driftwheel.errors import SourceError
from driftwheel.sources.file_kinds import file_kind
from driftwheel.sources.listing import Found, Listing, Wanted
from driftwheel.sources.read_file import read_file

__all__ = ["list_zip"]


def list_zip(archive: Path | IO[bytes], describe: str) -> Listing:
    """Return the images in a zip archive, by their paths in it; each is unpacked when it is asked for.

    Of members with the same path the last counts, as when unpacking.

    Raises
    ------
    SourceError
        When the file is no zip archive, or its table of contents is damaged.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member.filename for member in opened.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise SourceError(
            f"{describe} cannot be opened: {error}. It is damaged, or no zip archive."
        ) from None
    paths = {path.replace("\\", "/").lstrip("/"): path for path in members}
    names = sorted(name for name in paths if file_kind(name) != "side")

    def read(wanted: Wanted) -> Iterator[Found]:
        with zipfile.ZipFile(archive) as opened:
            for name in names:
                if wanted(name):
                    yield read_file(name, lambda name=name: opened.open(paths[name]))  # type: ignore[misc]

    return Listing(describe, len(names), len(paths) - len(names), read)
