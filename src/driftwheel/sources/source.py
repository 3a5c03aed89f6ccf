"""A source: images that can be gone through, each with its time and tags, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from driftwheel.errors import SourceError
from driftwheel.records import Image, Unreadable
from driftwheel.sources.listing import Listing, everything
from driftwheel.sources.name_pattern import NamePattern
from driftwheel.sources.placement import Placement, place
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
        self._unlisted_example = ""
        self._seen = 0
        self._listing = listing
        self._pattern = pattern
        self._table = table

    def __iter__(self) -> Iterator[Image | Unreadable]:
        """Yield every image; raise `SourceError` at the end when there was none."""
        before = self._seen
        self.skipped, self.unfitting, self.unlisted, self._seen = self._listing.skipped, 0, 0, 0
        for item in self._listing.read(everything):
            if item is None:
                self.skipped += 1
                continue
            placed, placement = self._placed(item)
            self._seen += 1
            if self._table is not None and not placement.listed:
                self.unlisted += 1
                self._unlisted_example = self._unlisted_example or _name(item)
            if self._pattern is not None and not placement.fitted:
                self.unfitting += 1
                self._example = self._example or _name(item)
            yield placed
        if self._seen == 0 and not (self._listing.once and before):
            raise SourceError(no_images(self.describe, self.skipped))

    def only(self, names: Collection[str]) -> Iterator[Image | Unreadable]:
        """Yield those images of these names that there are, reading no others; what was counted stays."""
        chosen = frozenset(names)
        for item in self._listing.read(chosen.__contains__):
            if item is not None:
                yield self._placed(item)[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences to read about the last time through: what was passed over, and what was not placed."""
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
                f"{self._table.place}, for example '{self._unlisted_example}'." + self._no_row_at_all()
            )
        return tuple(notes)

    def _no_row_at_all(self) -> str:
        """Return what the table calls its first image, where it fits none of the source."""
        if self._table is None or self.unlisted < self._seen:
            return ""
        first = next(iter(self._table.rows), None)
        return " The table has no rows." if first is None else f" The table names '{first}', for example."

    def _placed(self, item: Image | Unreadable) -> tuple[Image | Unreadable, Placement]:
        readable = item if isinstance(item, Image) else None
        placement = place(_name(item), readable, self._pattern, self._table)
        if placement.time is None and not placement.tags:
            return item, placement
        return replace(item, time=placement.time, tags=placement.tags), placement


def _name(item: Image | Unreadable) -> str:
    return item.name if isinstance(item, Image) else item.image


def no_images(describe: str, skipped: int) -> str:
    """Return the message for a source that holds no images at all.

    Examples
    --------
    >>> no_images("folder a", 1)
    'There are no images in folder a, only 1 file that is none.'
    """
    only = {0: "", 1: ", only 1 file that is none"}.get(skipped, f", only {skipped} files that are none")
    return f"There are no images in {describe}{only}."
