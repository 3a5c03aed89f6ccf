"""A real HTTP server of the standard library that takes what the client sends, and fails as it is told to."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["FailingServer", "Seen", "Trouble", "failing_server", "refuse"]

Trouble = Callable[["Handler", "Seen"], bool]
"""Handles a request badly and returns True, or returns False to have it handled well."""


@dataclass(frozen=True)
class Seen:
    """One request: the documents and files in it."""

    path: str
    token: str
    documents: list[dict[str, Any]]
    files: list[bytes]


@dataclass
class FailingServer:
    """What the server was sent, and what it is to do next."""

    url: str = ""
    requests: list[Seen] = field(default_factory=list)
    kept: dict[str, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    """Record id → what was acknowledged or would have been."""
    others: list[dict[str, Any]] = field(default_factory=list)
    profiles: list[bytes] = field(default_factory=list)
    duplicates: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    """One for each request to come; then all goes well."""
    always: Trouble | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, seen: Seen) -> list[dict[str, Any]]:
        """Keep what a request holds and return the results."""
        results = []
        with self.lock:
            if seen.path.endswith("/profiles"):
                self.profiles += seen.files
                return [{"id": hashlib.sha256(seen.files[0]).hexdigest(), "outcome": "accepted"}]
            for number, document in enumerate(seen.documents):
                if "record" in document:
                    self.others.append(document)
                    results.append({"id": document["record"], "outcome": "accepted"})
                    continue
                outcome: dict[str, Any] = {"id": document["id"], "outcome": "accepted"}
                told = document, seen.files[number] if seen.files else b""
                if document.get("error") == "bad":
                    outcome |= {"outcome": "rejected", "reason": "it is bad"}
                elif document["id"] in self.kept:
                    self.duplicates += 1
                    outcome["outcome"] = "duplicate" if self.kept[document["id"]] == told else "conflict"
                else:
                    self.kept[document["id"]] = told
                results.append(outcome)
        return results


class Handler(BaseHTTPRequestHandler):
    """Answers POST."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    @property
    def state(self) -> FailingServer:
        return self.server.state  # type: ignore[attr-defined, no-any-return]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # a client that is stopped cuts its connection
            self.close_connection = True
            return
        kind = self.headers["Content-Type"]
        documents: list[dict[str, Any]] = []
        files: list[bytes] = []
        if kind == "application/octet-stream":
            files = [body]
        elif kind.startswith("multipart/form-data"):
            documents, files = parts(body, kind.partition("boundary=")[2].encode())
        else:
            documents = [json.loads(line) for line in body.splitlines()]
        seen = Seen(self.path, self.headers.get("Authorization", ""), documents, files)
        with self.state.lock:
            self.state.requests.append(seen)
            trouble = self.state.troubles.pop(0) if self.state.troubles else self.state.always
        if trouble is not None and trouble(self, seen):
            return
        self.answer(202, {"results": self.state.keep(seen)})

    def answer(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """Cut the connection as a crash does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.rfile.close()


def parts(body: bytes, boundary: bytes) -> tuple[list[dict[str, Any]], list[bytes]]:
    """The records of a multipart body, and the image of each, empty where it has none."""
    documents: list[dict[str, Any]] = []
    files: list[bytes] = []
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name = head.split(b'name="')[1].split(b'"')[0].decode()
        if name == "record":
            documents.append(json.loads(content))
            files.append(b"")
        else:
            assert files[-1] == b""
            files[-1] = content
    return documents, files


def refuse(status: int, *, times: int = 1, headers: dict[str, str] | None = None) -> list[Trouble]:
    """Troubles that answer with a status."""

    def trouble(handler: Handler, seen: Seen) -> bool:
        handler.answer(status, {"detail": f"it is {status}"}, headers)
        return True

    return [trouble] * times


def drop(handler: Handler, seen: Seen) -> bool:
    """No answer, nothing kept."""
    handler.reset()
    return True


def keep_and_drop(handler: Handler, seen: Seen) -> bool:
    """Everything is kept, but the answer is lost."""
    handler.state.keep(seen)
    handler.reset()
    return True


def slow(seconds: float) -> Trouble:
    """An answer that takes its time."""

    def trouble(handler: Handler, seen: Seen) -> bool:
        time.sleep(seconds)
        return False

    return trouble


@contextmanager
def failing_server(port: int = 0, certificate: tuple[Path, Path] | None = None) -> Iterator[FailingServer]:
    """A running server; with a certificate and its key it speaks TLS."""
    state = FailingServer()
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    server.block_on_close = False
    server.state = state  # type: ignore[attr-defined]
    scheme = "http" if certificate is None else "https"
    state.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
