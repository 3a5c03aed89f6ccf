"""Files that hold many images: zip, tar, Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Literal

from driftwheel.sources.file_kinds import archive_kind
from driftwheel.sources.listing import Listing
from driftwheel.sources.parquet_file import list_parquet
from driftwheel.sources.tar_archive import list_tar
from driftwheel.sources.zip_archive import list_zip

__all__ = ["list_many", "list_many_from", "many_kind_of"]

Kind = Literal["zip", "tar", "parquet"]

_LISTERS = {"zip": list_zip, "tar": list_tar, "parquet": list_parquet}
_WORDS = {"zip": "zip archive", "tar": "tar archive", "parquet": "Parquet file"}


def many_kind_of(name: str, start: bytes) -> Kind | None:
    r"""Return which kind of file with many images this is, by its name or its first 512 bytes; or None.

    Examples
    --------
    >>> many_kind_of("a.bin", b"PK\x03\x04"), many_kind_of("a.tgz", b""), many_kind_of("a.bin", b"abc")
    ('zip', 'tar', None)
    """
    kind = archive_kind(name)
    if kind is None and start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if kind is None and start.startswith(b"PAR1"):
        return "parquet"
    if kind is None and start[257:262] == b"ustar":
        return "tar"
    return kind


def list_many(path: Path) -> Listing:
    """Return what a local archive or Parquet file holds, its kind told by its extension."""
    kind = archive_kind(path.name)
    return list_many_from(path, "zip" if kind is None else kind, str(path))


def list_many_from(file: Path | IO[bytes], kind: Kind, shown: str) -> Listing:
    """Return what an archive or Parquet file of a known kind holds; `shown` is what people know it by."""
    return _LISTERS[kind](file, f"{_WORDS[kind]} {shown}")
