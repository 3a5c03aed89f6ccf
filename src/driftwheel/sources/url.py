"""URLs: whatever fsspec can open, such as ``s3://``, ``memory://``, ``https://``."""

from __future__ import annotations

import re
import shutil
from typing import Any

from driftwheel.errors import DriftwheelError, MissingExtraError, SourceError
from driftwheel.sources.file_kinds import file_kind
from driftwheel.sources.listing import Found, Listing, read_each
from driftwheel.sources.many_images import list_many_from, many_kind_of
from driftwheel.sources.read_file import read_file
from driftwheel.sources.temporary_copy import TemporaryCopy

__all__ = ["is_url", "list_url", "read_text", "read_url", "without_password"]

_PACKAGES = {
    "http": "requests aiohttp",
    "https": "requests aiohttp",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
    "hf": "huggingface_hub",
}
"""What fsspec needs beside itself for a kind of URL, by the names that pip knows."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+(://|::)")


def is_url(place: str) -> bool:
    """Return whether `place` is a URL rather than a path.

    Examples
    --------
    >>> is_url("s3://bucket/day1"), is_url("C:/day1"), is_url("day1/a.jpg")
    (True, False, False)
    """
    return _URL.match(place) is not None


def without_password(url: str) -> str:
    """Return `url` without the user, password and signature in it, fit to be shown and stored.

    Of a web address, what follows an image's extension behind a ``?`` is left out; other queries are kept,
    since they may be all that tells two images apart.

    Examples
    --------
    >>> without_password("ftp://me:secret@host/day1")
    'ftp://host/day1'
    >>> without_password("https://host/a.jpg?signature=secret"), without_password("https://host/image?id=7")
    ('https://host/a.jpg', 'https://host/image?id=7')
    """
    plain = re.sub(r"://[^/@]*@", "://", url)
    path, _, query = plain.partition("?")
    return path if query and _is_web(url) and file_kind(path) == "image" else plain


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def list_url(url: str) -> Listing:
    """Return the images at a URL: a folder, a glob, an archive or Parquet file, or one image.

    An archive is copied into a temporary file first.

    Raises
    ------
    MissingExtraError
        For ``s3://`` without its extra.
    SourceError
        When there is nothing there, or it cannot be opened.
    """
    shown = without_password(url)
    system, root = _file_system(url)
    try:
        magic = re.search(r"\*" if _is_web(url) else r"[*?\[]", root)  # a web address may have a query
        if magic:
            paths = sorted(path for path in system.glob(root) if system.isfile(path))
            root = root[: magic.start()].rpartition("/")[0]
        elif system.isfile(root):
            return _list_file(system, root, shown)
        else:
            paths = system.find(root)
    except DriftwheelError:
        raise
    except Exception as error:  # file systems raise what they like
        raise SourceError(f"{shown} cannot be opened: {error or type(error).__name__}.") from error
    if not paths:
        raise SourceError(f"There is nothing at {shown}. Check the address and that you may list it.")
    places = {path.removeprefix(root).lstrip("/"): path for path in paths}
    names = sorted(name for name in places if file_kind(name) != "side")
    return Listing(
        shown,
        len(names),
        len(places) - len(names),
        lambda wanted: read_each(
            names, lambda name: read_file(name, lambda: system.open(places[name], "rb")), wanted
        ),
    )


def read_url(name: str, url: str) -> Found:
    """Return the one image at `url`, or why it cannot be read."""

    def opened() -> Any:
        system, path = _file_system(url)
        return system.open(path, "rb")

    return read_file(name, opened)


def _list_file(system: Any, path: str, shown: str) -> Listing:
    name = without_password(path).rsplit("/", 1)[-1]
    with system.open(path, "rb") as stream:
        kind = many_kind_of(name, stream.read(512))
        if kind is not None:
            stream.seek(0)
            copy = TemporaryCopy()
            shutil.copyfileobj(stream, copy.file, 1 << 20)
            listing = list_many_from(copy.file, kind, shown)
            return _holding(listing, copy)
    return Listing(
        shown,
        1,
        0,
        lambda wanted: read_each([name], lambda n: read_file(n, lambda: system.open(path, "rb")), wanted),
    )


def _holding(listing: Listing, copy: TemporaryCopy) -> Listing:
    """Return `listing`, which keeps the file it reads from."""

    def read(wanted: Any, held: TemporaryCopy = copy) -> Any:  # noqa: ARG001
        return listing.read(wanted)

    return Listing(listing.describe, listing.count, listing.skipped, read)


def _file_system(url: str) -> tuple[Any, str]:
    import fsspec.core

    try:
        return fsspec.core.url_to_fs(url)  # type: ignore[no-any-return]
    except ImportError as error:
        if url.startswith(("s3://", "s3a://")):
            raise MissingExtraError("Reading s3:// URLs", "s3") from None
        raise SourceError(f"{without_password(url)} cannot be opened: {_install(url, error)}") from None
    except Exception as error:
        raise SourceError(f"{without_password(url)} cannot be opened: {error}.") from None


def _install(url: str, error: ImportError) -> str:
    """Return what to install for a kind of URL that nothing here can open."""
    kind = re.split("://|::", url, maxsplit=1)[0].lower()
    packages = _PACKAGES.get(kind)
    if packages is None:
        return f"{error}."
    return f"{kind}:// needs packages that are not installed. Install them with: pip install {packages}"


def read_text(url: str) -> str:
    """Return the UTF-8 text at `url`; raises `OSError` when it cannot be read, and `UnicodeDecodeError`."""
    system, path = _file_system(url)
    with system.open(path, "rb") as stream:
        data: bytes = stream.read()
    return data.decode("utf-8-sig")
