"""An inbox on this machine: what a webhook would receive."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Inbox", "Received", "open_inbox"]


@dataclass(frozen=True, slots=True)
class Received:
    """One message: when it came, and the JSON that was in it."""

    time: datetime
    body: dict[str, Any]

    @property
    def title(self) -> str:
        """Its subject."""
        return str(self.body.get("title", ""))


@dataclass(slots=True)
class Inbox:
    """Where messages arrive; `address` is ``host:port``."""

    address: str
    messages: list[Received] = field(default_factory=list)


@contextmanager
def open_inbox() -> Iterator[Inbox]:
    """Receive messages on a free port of this machine until the end."""
    inbox = Inbox("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take a message."""
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            inbox.messages.append(Received(datetime.now(UTC), json.loads(data)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        inbox.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield inbox
        finally:
            server.shutdown()
            thread.join()
