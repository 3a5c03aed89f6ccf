"""File kinds: which files are images, which only lie beside them, and which hold many images, by name."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

__all__ = ["ARCHIVES", "IMAGE_SUFFIXES", "archive_kind", "file_kind"]

IMAGE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".bmp", ".dib",
    ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif", ".jp2", ".j2k", ".jxl", ".jxr",
    ".psd", ".exr", ".hdr", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2",
    ".raf",
})  # fmt: skip
"""Files that are meant as images; those that cannot be decoded too: they are reported, not passed over."""

_SIDE_SUFFIXES = frozenset({
    ".txt", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".toml",
    ".ini", ".cfg", ".md", ".rst", ".html", ".htm", ".pdf", ".log", ".db", ".sqlite",
    ".lock", ".py", ".ipynb", ".npy", ".npz", ".pkl", ".pt", ".onnx", ".names", ".data",
    ".cache", ".md5", ".sha256", ".xmp", ".thm",
})  # fmt: skip
_SIDE_NAMES = frozenset({"thumbs.db", "desktop.ini", "icon\r", "license", "readme", "makefile"})
_SIDE_FOLDERS = frozenset({"__macosx", "__pycache__", "@eadir", "$recycle.bin"})

ARCHIVES: dict[str, Literal["zip", "tar", "parquet"]] = {
    ".zip": "zip",
    ".tar": "tar",
    ".tar.gz": "tar",
    ".tgz": "tar",
    ".tar.bz2": "tar",
    ".tbz2": "tar",
    ".tar.xz": "tar",
    ".txz": "tar",
    ".parquet": "parquet",
}
"""Extensions of the files that hold many images."""


def file_kind(name: str) -> Literal["image", "side", "unknown"]:
    """Return what a file is, going by its path inside its source (with ``/``).

    ``side``: hidden files and folders (a name that begins with a dot), the leavings of systems and tools, and
    extensions that no image has. ``unknown``: its first bytes will tell.

    Examples
    --------
    >>> file_kind("a/b.JPG"), file_kind("a/labels.txt"), file_kind("a/._b.jpg"), file_kind("0a1b2c")
    ('image', 'side', 'side', 'unknown')
    """
    parts = name.lower().split("/")
    if any(part.startswith(".") or part in _SIDE_FOLDERS for part in parts) or parts[-1] in _SIDE_NAMES:
        return "side"
    suffix = PurePosixPath(parts[-1]).suffix
    if suffix in IMAGE_SUFFIXES:
        return "image"
    return "side" if suffix in _SIDE_SUFFIXES else "unknown"


def archive_kind(name: str) -> Literal["zip", "tar", "parquet"] | None:
    """Return which kind of file with many images `name` ends like, or None.

    Examples
    --------
    >>> archive_kind("day1.TAR.GZ"), archive_kind("day1.jpg")
    ('tar', None)
    """
    lower = name.lower()
    return next((kind for suffix, kind in ARCHIVES.items() if lower.endswith(suffix)), None)
