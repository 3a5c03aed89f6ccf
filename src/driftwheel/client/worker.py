"""What a client has in one process: its queues, its spool, its connection and its two threads."""

from __future__ import annotations

import contextlib
import functools
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from driftwheel.client.bounded_queue import BoundedQueue
from driftwheel.client.courier import Courier
from driftwheel.client.entries import Entry, entry_bytes
from driftwheel.client.held_prediction import Names
from driftwheel.client.item import Item
from driftwheel.client.pack import pack
from driftwheel.client.packer import Packer
from driftwheel.client.sender import Sender
from driftwheel.client.spool import Spool
from driftwheel.client.stats import Stats, Tally

__all__ = ["Options", "Worker"]

_LOOK = 0.01  # seconds between looks whether all is sent
_UNBLOCK = 2.0  # seconds a thread gets to notice that its connection was cut
_PUT_AWAY = 10.0  # seconds to encode and spool what is left in memory


@dataclass(frozen=True, slots=True)
class Options:
    """The parameters of `driftwheel.client.Client`, checked."""

    url: str
    token: str
    model: str
    model_version: str
    spool: Path | None
    spool_bytes: int
    memory_bytes: int
    jpeg_quality: int | None
    classes: Names | None
    send_images: bool
    timeout: float
    ssl_context: ssl.SSLContext | None


class Worker:
    """Packs and sends in the background from `start` to `close`."""

    def __init__(self, options: Options) -> None:
        self.tally = Tally()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._threads: tuple[threading.Thread, ...] = ()
        self._logged: BoundedQueue[Entry] = BoundedQueue(options.memory_bytes * 3 // 4, entry_bytes)
        self._ready: BoundedQueue[Item] = BoundedQueue(options.memory_bytes // 4, len)
        self._courier = Courier(options.url, options.token, options.timeout, options.ssl_context)
        self._spool = (
            None
            if options.spool is None
            # A token may be good for one model only: each has a spool of its own.
            else Spool(options.spool / quote(options.model, safe=""), options.spool_bytes, self.tally)
        )
        self._sender = Sender(
            courier=self._courier,
            model=options.model,
            ready=self._ready,
            spool=self._spool,
            tally=self.tally,
            stopping=self._stopping,
        )
        packing = functools.partial(
            pack,
            model_version=options.model_version,
            classes=options.classes,
            jpeg_quality=options.jpeg_quality,
            send_images=options.send_images,
        )
        self._packer = Packer(
            pack=packing,
            logged=self._logged,
            sender=self._sender,
            ready=self._ready,
            spool=self._spool,
            tally=self.tally,
            stopping=self._stopping,
        )

    def start(self) -> bool:
        """Start the threads, unless they run; return whether it was now."""
        if self._threads:
            return False
        with self._starting:
            if self._threads:
                return False
            threads = tuple(
                threading.Thread(target=run, name=f"driftwheel-{name}", daemon=True)
                for name, run in (("packer", self._packer.run), ("sender", self._sender.run))
            )
            for thread in threads:
                thread.start()
            self._threads = threads
        return True

    def take(self, entry: Entry) -> None:
        """Take what was logged, or drop it and count that. Never waits."""
        self.tally.logged()
        if not self._logged.put(entry):
            self.tally.left_memory(dropped=1)
            why = "the client is closed" if self._logged.closed else "more is logged than can be sent or kept"
            self.tally.warn_once(f"dropped: {why}", f"What is logged is lost from now on: {why}.")

    def stats(self) -> Stats:
        """Return the counts."""
        return self.tally.read(0 if self._spool is None else self._spool.count())

    def flush(self, timeout: float) -> bool:
        """Wait until nothing is in memory or in the spool; return whether it came to that in time."""
        end = time.monotonic() + timeout
        while self.tally.in_memory or (self._spool is not None and self._spool.count()):
            if time.monotonic() >= end:
                return False
            time.sleep(_LOOK)
        return True

    def close(self, timeout: float) -> None:
        """Send what is in memory for so many seconds at most, spool the rest, and end the threads."""
        self._logged.close()
        end = time.monotonic() + timeout
        while self._threads and self.tally.in_memory and time.monotonic() < end:
            if self._spool is not None and self._sender.down:
                break
            time.sleep(_LOOK)
        self._stopping.set()
        self._ready.close()
        if self._threads:
            packer, sender = self._threads
            sender.join(_LOOK)
            self._courier.abort()
            packer.join(_PUT_AWAY)
            sender.join(_UNBLOCK)
        self._put_away()
        if self._spool is not None:
            self._spool.close()
        self._courier.close()

    def abandon(self) -> None:
        """Close files and sockets in a forked process; the parent goes on with them."""
        with contextlib.suppress(Exception):
            self._courier.abandon()
        if self._spool is not None:
            with contextlib.suppress(Exception):
                self._spool.abandon()

    def _put_away(self) -> None:
        left = self._sender.take_back() + self._ready.take(1 << 30, 0.0)
        if not left:
            return
        kept = 0 if self._spool is None else self._spool.append(left)
        self.tally.left_memory(kept)
        lost = len(left) - kept
        if lost:
            self.tally.left_memory(lost, dropped=lost)
            self.tally.warn_once(
                "dropped at the end", f"{lost} could not be sent before the end, and are lost."
            )
