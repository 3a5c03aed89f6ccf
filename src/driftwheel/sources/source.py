"""A source: images that can be gone through, each with its time and tags, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from driftwheel.errors import SourceError
from driftwheel.records import Image, Unreadable
from driftwheel.sources.listing import Listing, Wanted, everything
from driftwheel.sources.name_pattern import NamePattern
from driftwheel.sources.placement import place
from driftwheel.sources.time_table import TimeTable

__all__ = ["Source", "no_images"]


class Source:
    """Images in order of name, each read when it is asked for; made by `driftwheel.sources.open_source`.

    Going through it never stops at a bad file: that yields an `Unreadable`. It can be gone through again,
    unless it was made from an iterator.

    Attributes
    ----------
    describe
        What was opened, for people.
    count
        How many files may be images; None when unknown. Those of unknown extension that turn out to be none
        are counted too.
    skipped
        Files passed over as no images, as of the last time through.
    unfitting
        Images whose names did not fit the name pattern, as of the last time through; 0 without one.
    unlisted
        Images that the table had no row for, as of the last time through; 0 without one.
    """

    def __init__(
        self, listing: Listing, pattern: NamePattern | None = None, table: TimeTable | None = None
    ) -> None:
        self.describe = listing.describe
        self.count = listing.count
        self.skipped = listing.skipped
        self.unfitting = 0
        self.unlisted = 0
        self._example = ""
        self._seen = 0
        self._listing = listing
        self._pattern = pattern
        self._table = table

    def __iter__(self) -> Iterator[Image | Unreadable]:
        """Yield every image; raise `SourceError` at the end when there was none."""
        before = self._seen
        yield from self._read(everything)
        if self._seen == 0 and not (self._listing.once and before):
            raise SourceError(no_images(self.describe, self.skipped))

    def only(self, names: Collection[str]) -> Iterator[Image | Unreadable]:
        """Yield the images of these names that there are, without reading the others."""
        chosen = frozenset(names)
        return self._read(chosen.__contains__)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences a person should read about the last time through: what was passed over or not placed."""
        notes = []
        if self.skipped:
            files = "1 file" if self.skipped == 1 else f"{self.skipped} files"
            notes.append(f"Passed over {files} in {self.describe}: no images.")
        if self.unfitting and self._pattern is not None:
            notes.append(
                f"{self.unfitting} of {self._seen} names in {self.describe} do not fit "
                f"'{self._pattern.text}', for example '{self._example}'."
            )
        if self.unlisted and self._table is not None:
            notes.append(
                f"{self.unlisted} of {self._seen} images in {self.describe} have no row in "
                f"{self._table.place}."
            )
        return tuple(notes)

    def _read(self, wanted: Wanted) -> Iterator[Image | Unreadable]:
        self.skipped, self.unfitting, self.unlisted, self._seen = self._listing.skipped, 0, 0, 0
        for item in self._listing.read(wanted):
            if item is None:
                self.skipped += 1
                continue
            self._seen += 1
            yield self._placed(item)

    def _placed(self, item: Image | Unreadable) -> Image | Unreadable:
        readable = item if isinstance(item, Image) else None
        name = item.name if isinstance(item, Image) else item.image
        placed = place(name, readable, self._pattern, self._table)
        if self._pattern is not None and not placed.fitted:
            self._example = self._example or name
            self.unfitting += 1
        self.unlisted += self._table is not None and not placed.listed
        if placed.time is None and not placed.tags:
            return item
        return replace(item, time=placed.time, tags=placed.tags)


def no_images(describe: str, skipped: int) -> str:
    """Return the message for a source that holds no images at all.

    Examples
    --------
    >>> no_images("folder a", 1)
    'There are no images in folder a, only 1 file that is none.'
    """
    only = {0: "", 1: ", only 1 file that is none"}.get(skipped, f", only {skipped} files that are none")
    return f"There are no images in {describe}{only}."
