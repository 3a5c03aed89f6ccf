"""Connections whose requests never end (slowloris) are cut; uvicorn itself waits for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["LARGEST_HEAD", "LEAST_BYTES", "PATIENCE", "ImpatientProtocol"]

PATIENCE = 30.0
"""Seconds within which a request's head is to come; and then, time and again, some of its body."""

LEAST_BYTES = 16 * 1024
"""Bytes of a body that are to come in that time, unless it ends sooner or the server itself does not read."""

LARGEST_HEAD = 64 * 1024
"""Bytes of a head: its first line and headers."""


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, which cuts what is too slow; for ``uvicorn.Config(http=…)``."""

    patience = PATIENCE

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._in_head = True
        self._came = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        if self._timer is None:
            self._start()
        self._came += len(data)
        super().data_received(data)
        if self._in_head and self._came > LARGEST_HEAD:
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Go on to the next request, whenever it begins."""
        self._in_head = True
        self._came = 0
        self._stop()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        self._came = 0
        self._timer = self.loop.call_later(self.patience, self._look)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        if self.transport.is_reading() and (self._in_head or self._came < LEAST_BYTES):
            self.transport.close()
        else:
            self._start()
