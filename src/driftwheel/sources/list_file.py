"""A list file: a text file that names one image a line."""

from __future__ import annotations

from pathlib import Path

from driftwheel.errors import SourceError
from driftwheel.sources.listing import Found, Listing, read_each
from driftwheel.sources.local_file import read_local_file
from driftwheel.sources.url import is_url, read_url, without_password

__all__ = ["list_list_file"]


def list_list_file(path: Path) -> Listing:
    """Return the images that a UTF-8 text file names: a path, or a URL that fsspec can open, a line.

    Relative paths start from the folder the list is in, not from the current one. The name of an image is
    its line as written, with ``/``. Empty lines and those that begin with ``#`` are passed over, and so is a
    line that repeats another. A file that is not there is unreadable.

    Raises
    ------
    SourceError
        When it cannot be read, is no text, or names nothing.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"The list {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SourceError(f"The list {path} is not UTF-8 text with one path or URL a line.") from None
    lines = [line.strip() for line in text.splitlines()]
    places = {_name(line): line for line in lines if line and not line.startswith("#")}
    if not places:
        raise SourceError(f"The list {path} names no image. Write one path or URL a line.")

    def read(name: str) -> Found:
        place = places[name]
        return read_url(name, place) if is_url(place) else read_local_file(name, path.parent / place)

    return Listing(f"list {path}", len(places), 0, lambda wanted: read_each(sorted(places), read, wanted))


def _name(line: str) -> str:
    return without_password(line) if is_url(line) else line.replace("\\", "/").removeprefix("./")
