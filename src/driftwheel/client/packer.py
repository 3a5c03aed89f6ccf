"""The thread that makes ready to send what was logged, and spools it while the server cannot be reached."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from driftwheel.client.bounded_queue import BoundedQueue
from driftwheel.client.entries import Entry
from driftwheel.client.item import Item
from driftwheel.client.sender import Sender
from driftwheel.client.spool import Spool
from driftwheel.client.stats import LOGGER, Tally
from driftwheel.errors import DriftwheelError

__all__ = ["Packer"]

_AT_ONCE = 16
_LOOK = 0.01  # seconds between looks for what is logged
_LINGER = 2.0  # seconds to look after the last was logged; then one waits
_PATIENCE = 0.1  # seconds between looks whether there is room, or time to stop


class Packer:
    """Works until `logged` is closed and empty.

    Parameters
    ----------
    pack
        Makes an item of an entry.
    logged
        Entries, as callers log them.
    sender
        Tells whether the server is down.
    ready
        Where items go that can be sent.
    spool
        Where they go while the server is down, and when `ready` is full; None to wait for room.
    tally
        Counts.
    stopping
        Set when nothing is sent any more: all that is left goes to the spool.
    """

    def __init__(
        self,
        *,
        pack: Callable[[Entry], Item],
        logged: BoundedQueue[Entry],
        sender: Sender,
        ready: BoundedQueue[Item],
        spool: Spool | None,
        tally: Tally,
        stopping: threading.Event,
    ) -> None:
        self._pack = pack
        self._logged = logged
        self._sender = sender
        self._ready = ready
        self._spool = spool
        self._tally = tally
        self._stopping = stopping

    def run(self) -> None:
        """Pack what is logged until there will be no more."""
        while True:
            entries = self._next()
            if not entries and self._logged.closed:
                return
            items = []
            for entry in entries:
                item = self._packed(entry)
                if item is not None and not self._prefers_spool and self._ready.put(item):
                    continue
                if item is not None:
                    items.append(item)
            self._place(items)

    def _next(self) -> list[Entry]:
        """Take what was logged next, looking for it now and then rather than waiting, while more comes.

        A thread that waits is woken within the call of `log`, and may take the processor of whoever called.
        """
        end = time.monotonic() + _LINGER
        while not (entries := self._logged.take(_AT_ONCE, 0.0)):
            if self._logged.closed or time.monotonic() >= end:
                return self._logged.take(_AT_ONCE, 60.0)
            time.sleep(_LOOK)
        return entries

    @property
    def _prefers_spool(self) -> bool:
        return self._spool is not None and (self._sender.down or self._stopping.is_set())

    def _packed(self, entry: Entry) -> Item | None:
        try:
            return self._pack(entry)
        except DriftwheelError as error:
            self._tally.warn_once(f"unusable {type(error).__name__}", f"It cannot be sent: {error}")
        except Exception:
            LOGGER.exception("Something logged cannot be made ready to send")
        self._tally.left_memory(rejected=1)
        return None

    def _place(self, items: list[Item]) -> None:
        """Put items into the spool, or else wait until `ready` has room: then it is `log` that drops."""
        if items and self._spool is not None:
            kept = self._spool.append(items)
            self._tally.left_memory(kept)
            del items[:kept]
        for item in items:
            while not self._ready.put(item, _PATIENCE):
                if self._stopping.is_set():
                    self._tally.warn_once("dropped at the end", "There was no room for all that was logged.")
                    self._tally.left_memory(dropped=1)
                    break
