"""The spool: what could not be sent yet, on disk within a bound, for this process or the next one to send.

A folder of segments. Several processes may share it: each writes segments of its own, and each sends any that
nobody holds, its own or those of a process that has ended. An item may so be sent twice, which the server
knows by its id, but none is lost once `append` has returned.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from driftwheel.client.item import Item, first_batch
from driftwheel.client.segment import Segment, claim_segment, create_segment, frame, read_counts
from driftwheel.client.stats import Tally

__all__ = ["Spool"]

_SUFFIX = ".spool"
_SEGMENT_BYTES = 8 << 20


class Spool:
    """The segments of one folder, which is made when it is first written to.

    Parameters
    ----------
    folder
        Where the segments are.
    most_bytes
        How much all segments together may take, whoever wrote them.
    tally
        Counts items that a damaged segment has lost as dropped, and warns.
    segment_bytes
        A segment that has reached this size is not written to any more.
    """

    def __init__(
        self, folder: Path, most_bytes: int, tally: Tally, *, segment_bytes: int = _SEGMENT_BYTES
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._segment_bytes = segment_bytes
        self._tally = tally
        self._lock = threading.Lock()
        self._writing: Segment | None = None
        self._sending: Segment | None = None
        self._items: list[Item] = []
        self._not_ours: set[Path] = set()

    def append(self, items: Sequence[Item]) -> int:
        """Put items at the end; return how many of them, from the first, were kept.

        The rest did not fit, or the disk failed, which is logged once.
        """
        with self._lock:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                frames = self._fitting(items)
                if frames:
                    self._open_for_writing().append(frames)
            except OSError as error:
                self._tally.warn_once("spool", f"The spool {self._folder} cannot be written to: {error}.")
                return 0
            if self._writing is not None and self._writing.size >= self._segment_bytes:
                self._writing.close()
                self._writing = None
            return len(frames)

    def peek(self, most: int, most_bytes: int) -> list[Item]:
        """Return the oldest items that one request can carry: as many as allowed, but one whatever its size.

        All are of one kind. The same are returned again until `forget` is called.
        """
        with self._lock:
            while not self._items and self._claim_next():
                pass
            return first_batch(self._items, most, most_bytes)

    def forget(self, n: int) -> None:
        """Take the first `n` items of those that `peek` returned out of the spool."""
        with self._lock:
            del self._items[:n]
            if self._sending is not None:
                with contextlib.suppress(OSError):
                    self._sending.mark_sent(n)
            if not self._items:
                self._remove_sending()

    def count(self) -> int:
        """Return how many items are in the folder, whoever put them there."""
        with self._lock:
            return sum(max(0, written - sent) for written, sent in map(read_counts, self._paths()))

    def close(self) -> None:
        """Let other processes have all segments."""
        with self._lock:
            for segment in (self._writing, self._sending):
                if segment is not None:
                    segment.close()
            self._writing = self._sending = None
            self._items = []

    def abandon(self) -> None:
        """Close the files in a forked process; the parent goes on with them."""
        for segment in (self._writing, self._sending):
            if segment is not None:
                segment.abandon()

    def _paths(self) -> list[Path]:
        """Return the segments, oldest first: their names sort by time."""
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix == _SUFFIX)
        except OSError:
            return []

    def _fitting(self, items: Sequence[Item]) -> list[bytes]:
        taken = 0
        for path in self._paths():
            with contextlib.suppress(OSError):
                taken += path.stat().st_size
        frames: list[bytes] = []
        for item in items:
            taken += len(item) + 32  # with its frame, and a head
            if taken > self._most_bytes:
                break
            frames.append(frame(item))
        return frames

    def _open_for_writing(self) -> Segment:
        while self._writing is None:
            self._writing = create_segment(self._folder / _new_name())
        return self._writing

    def _claim_next(self) -> bool:
        """Take up the oldest free segment, this process's own open one last; return whether there was one."""
        own = self._writing
        for path in self._paths():
            if path in self._not_ours or (own is not None and path == own.path):
                continue
            try:
                claimed = claim_segment(path)
            except OSError as error:
                self._leave_alone(path, error)
                continue
            if claimed is not None:
                self._take_up(claimed)
                return True
        if own is None:
            return False
        self._writing = None
        self._take_up(own)
        return True

    def _take_up(self, segment: Segment) -> None:
        try:
            self._items = segment.read()
        except (OSError, ValueError) as error:
            self._leave_alone(segment.path, error)
            segment.close()
            return
        self._sending = segment
        lost = segment.written - segment.sent - len(self._items)
        if lost > 0:
            self._tally.warn_once("damage", f"{segment.path} is damaged: {lost} items in it are lost.")
            self._tally.left_memory(0, dropped=lost)
        if not self._items:
            self._remove_sending()

    def _remove_sending(self) -> None:
        segment, self._sending = self._sending, None
        if segment is None:
            return
        try:
            segment.remove()
        except OSError as error:
            self._leave_alone(segment.path, error)
            segment.close()

    def _leave_alone(self, path: Path, error: Exception) -> None:
        self._not_ours.add(path)
        self._tally.warn_once("segment", f"A file in the spool is left alone: {error}.")


def _new_name() -> str:
    """Return a name no other process makes: nanoseconds since 1970, and 32 random bits."""
    return f"{time.time_ns():020}-{os.urandom(4).hex()}{_SUFFIX}"
