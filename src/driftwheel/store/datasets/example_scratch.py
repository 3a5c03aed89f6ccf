"""The examples of a version that is being made: in a temporary file, however many there are.

Each image once, sorted by its SHA-256 in the end; of several labels of an image the surest counts. Some 1 KB
of disk an example, and little memory.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from driftwheel.datasets.example import Example, Source, Split
from driftwheel.datasets.example_json import canonical_json, example_of_line, label_to_json, line_of_example

__all__ = ["ExampleScratch", "Gathered", "SplitRow", "example_scratch"]

Table = Literal["base", "found"]
"""What an earlier version holds, and in the end everything; what is added to it now."""

_SURENESS: Final[dict[Source, int]] = {
    "automatic": 0,
    "import": 1,
    "folder": 2,
    "consensus": 3,
    "review": 4,
    "told": 5,
}
_COLUMNS: Final = (
    "image BLOB PRIMARY KEY, name TEXT, sureness INTEGER, source TEXT, known REAL, task INTEGER, label TEXT, "
    "classes TEXT, grouped TEXT, holdout INTEGER, split TEXT, line BLOB, conflict INTEGER"
)
_NAMES: Final = ", ".join(column.split()[0] for column in _COLUMNS.split(", "))
_KEPT: Final = ("name", "sureness", "source", "known", "task", "label", "classes", "line")
_SURER: Final = "(excluded.sureness, excluded.known, excluded.task) > (sureness, known, task)"
_REPLACES: Final = (  # a correction by hand (a review of no task) gives way to what is newer alone
    "CASE WHEN source = 'review' AND task = 0 THEN excluded.known > known "
    "ELSE excluded.sureness >= sureness OR (excluded.task = task AND task <> 0) END"
)
_CHUNK: Final = 1000
_NUL: Final = "\0"  # between names of classes, which never have it


@dataclass(frozen=True, slots=True)
class Gathered:
    """An example that was found; `split` is what is said of its use already, None where nothing is.

    The split of the example itself counts for nothing yet.
    """

    example: Example
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class SplitRow:
    """What its split depends on."""

    image: bytes
    name: str
    classes: tuple[str, ...]
    group: str
    holdout: bool
    split: Split | None


class ExampleScratch:
    """Examples in a temporary file. Make one with `example_scratch`, and use it in one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._has_names = False
        for name in ("base", "found"):
            connection.execute(f"CREATE TABLE {name} ({_COLUMNS})")

    def put(self, table: Table, gathered: Iterable[Gathered]) -> int:
        """Add examples, and return how many were given.

        Of several labels of an image the surest counts: told, of a review, of answers, of a folder, of a
        file, automatic; of two of a kind the newer one. What one of them says of holdout, split and group
        holds.
        """
        statement = _put(f"INSERT INTO {table} VALUES ({', '.join('?' * 13)})", _SURER)  # noqa: S608
        given, waiting = 0, iter(gathered)
        while part := list(islice(waiting, _CHUNK)):
            self._connection.executemany(statement, [_row(one) for one in part])
            given += len(part)
        return given

    def count(self, table: Table = "base") -> int:
        """Return how many images there are."""
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    def sort_out(self, wanted: Collection[Source] | None) -> tuple[int, tuple[str, ...]]:
        """Take out of what was found labels of other sources than are wanted, and what a folder labels twice.

        Returns
        -------
        tuple
            How many a folder has with two different labels, and the names of the first.
        """
        if wanted is not None:
            marks = ", ".join("?" * len(wanted))
            self._connection.execute(f"DELETE FROM found WHERE source NOT IN ({marks})", tuple(wanted))  # noqa: S608
        torn = "FROM found WHERE conflict AND source = 'folder'"
        names = self._connection.execute(f"SELECT name {torn} ORDER BY name LIMIT 5").fetchall()
        gone = self._connection.execute(f"DELETE {torn}").rowcount
        return gone, tuple(name for (name,) in names)

    def merge(self, *, whatever: bool = False) -> None:
        """Put what was found over the base.

        A label replaces that of the base unless that is surer; of the same task it always does. A label that
        somebody corrected by hand gives way to newer ones only. An image that the base has keeps its split.

        Parameters
        ----------
        whatever
            Replace every label: somebody has said so.
        """
        found = f"INSERT INTO base SELECT {_NAMES} FROM found WHERE true"  # noqa: S608 - our own tables
        self._connection.execute(_put(found, "true" if whatever else _REPLACES))
        self._connection.execute("DELETE FROM found")

    def hold_out(self, images: Iterable[bytes]) -> None:
        """Note that images of the base were drawn to measure on."""
        self._connection.executemany(
            "UPDATE base SET holdout = 1 WHERE image = ?", ((image,) for image in images)
        )

    def named(self, *names: str) -> Example | None:
        """Return the example of the base with one of these names; None where it has none."""
        if not self._has_names:
            self._connection.execute("CREATE INDEX base_name ON base (name)")
            self._has_names = True
        marks = ", ".join("?" * len(names))
        query = f"SELECT line, grouped, holdout, split FROM base WHERE name IN ({marks}) ORDER BY name DESC"  # noqa: S608
        row = self._connection.execute(query, names).fetchone()
        if row is None:
            return None
        line, grouped, holdout, split = row
        found = example_of_line(line)
        return replace(found, split=split or found.split, group=grouped, holdout=bool(holdout))

    def images(self) -> Iterator[list[tuple[bytes, str]]]:
        """Yield the images of the base with their names, sorted, some at once; those may be dropped."""
        after = b""
        query = "SELECT image, name FROM base WHERE image > ? ORDER BY image LIMIT ?"
        while rows := self._connection.execute(query, (after, 2 * _CHUNK)).fetchall():
            yield rows
            after = rows[-1][0]

    def drop(self, images: Iterable[bytes]) -> None:
        """Take images out of the base."""
        self._connection.executemany("DELETE FROM base WHERE image = ?", [(image,) for image in images])

    def class_sets(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield each set of classes that images of the base name, and of how many images."""
        query = "SELECT classes, count(*) FROM base GROUP BY classes ORDER BY classes"
        for classes, count in self._connection.execute(query):
            yield _classes(classes), count

    def split_rows(self) -> Iterator[SplitRow]:
        """Yield what the splits depend on, sorted by image."""
        query = "SELECT image, name, classes, grouped, holdout, split FROM base ORDER BY image"
        for image, name, classes, grouped, holdout, split in self._connection.execute(query):
            yield SplitRow(image, name, _classes(classes), grouped, bool(holdout), split)

    def examples(self, splits: Iterable[Split | None]) -> Iterator[Example]:
        """Yield the examples of the base, sorted by image, each with its split; None leaves one out."""
        rows = self._connection.execute("SELECT line, grouped, holdout FROM base ORDER BY image")
        for (line, grouped, holdout), split in zip(rows, splits, strict=True):
            if split is not None:
                yield replace(example_of_line(line), split=split, group=grouped, holdout=bool(holdout))


@contextmanager
def example_scratch() -> Iterator[ExampleScratch]:
    """Yield a new scratch, which is gone at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="driftwheel-dataset-") as folder,
        closing(sqlite3.connect(Path(folder) / "examples.sqlite", isolation_level=None)) as connection,
    ):
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -20000"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("BEGIN")
        yield ExampleScratch(connection)


def _put(insert: str, wins: str) -> str:
    """Return an INSERT that says what becomes of an image that is there already."""
    changed = [f"{name} = CASE WHEN {wins} THEN excluded.{name} ELSE {name} END" for name in _KEPT]
    return (
        f"{insert} ON CONFLICT (image) DO UPDATE SET {', '.join(changed)}, "
        "grouped = CASE grouped WHEN '' THEN excluded.grouped ELSE grouped END, "
        "holdout = max(holdout, excluded.holdout), split = coalesce(split, excluded.split), "
        "conflict = max(conflict, label <> excluded.label AND source = 'folder' "
        "AND excluded.source = 'folder')"
    )


def _classes(text: str) -> tuple[str, ...]:
    return tuple(text.split(_NUL)) if text else ()


def _row(gathered: Gathered) -> tuple[object, ...]:
    one = gathered.example
    origin = one.origin
    return (
        one.image,
        one.name,
        _SURENESS[origin.source],
        origin.source,
        0.0 if origin.time is None else origin.time.timestamp(),
        origin.task or 0,
        one.label.classes[0] if one.label.kind == "class" else canonical_json(label_to_json(one.label)),
        _NUL.join(one.label.names),
        one.group,
        int(one.holdout),
        gathered.split,
        line_of_example(one),
        0,
    )
