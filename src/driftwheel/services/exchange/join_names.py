"""Which record an image of a label file is: by its name, as people and tools change it on the way."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import basename

from sqlalchemy import Connection, Engine

from driftwheel.formats.label_files import ImageSize, is_image, stem_of
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.joined_records import JoinedRecord, records_named

__all__ = ["JoinedSizes", "join_names", "names_of_record"]

_AT_ONCE = 500
_UNKNOWN = (10_000, 10_000)


def names_of_record(name: str) -> tuple[str, ...]:
    """Return the ids that the record of an image may have, the likeliest first.

    That is its name, without the ending of an image, without its folders, without both.

    Examples
    --------
    >>> names_of_record("day 1/a.b.jpg")
    ('day 1/a.b.jpg', 'day 1/a.b', 'a.b.jpg', 'a.b')
    """
    short = stem_of(name) if is_image(name) else name
    return tuple(dict.fromkeys((name, short, basename(name), basename(short))))


def join_names(
    connection: Connection, model: int, pool: int, names: Sequence[str]
) -> dict[str, JoinedRecord]:
    """Return the records that images are of, by the names in a label file; those without one are left out."""
    tried = {name: names_of_record(name) for name in names}
    known = records_named(connection, model, pool, {one for ids in tried.values() for one in ids})
    found: dict[str, JoinedRecord] = {}
    for name, ids in tried.items():
        first = next((known[one] for one in ids if one in known), None)
        if first is not None:
            found[name] = first
    return found


class JoinedSizes:
    """Sizes of images by their names in a label file, from the records: some formats need them to be read.

    Parameters
    ----------
    model, pool
        Whose records are looked through.
    """

    def __init__(self, engine: Engine, model: int, pool: int) -> None:
        self._engine, self._model, self._pool = engine, model, pool
        self._names: list[str] = []
        self._places: dict[str, int] = {}
        self._sizes: dict[str, ImageSize] = {}

    def names_of(self, stems: Sequence[str]) -> Sequence[str]:
        """Return a name of an image for each path of one without its ending, in their order."""
        self._names = sorted(f"{stem}.jpg" for stem in stems)
        self._places = {name: place for place, name in enumerate(self._names)}
        return self._names

    def size(self, name: str) -> ImageSize | None:
        """Return width and height as displayed; of an image that nothing is known of, any: it is not kept."""
        if name not in self._sizes:
            begin = self._places.get(name, 0)
            part = self._names[begin : begin + _AT_ONCE] or [name]
            with reading(self._engine) as connection:
                found = join_names(connection, self._model, self._pool, part)
            self._sizes = dict.fromkeys([name, *part], _UNKNOWN)
            for one, record in found.items():
                if record.width is not None and record.height is not None:
                    self._sizes[one] = (record.width, record.height)
        return self._sizes[name]
