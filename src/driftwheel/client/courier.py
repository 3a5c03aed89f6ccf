"""The connection to the server: one at a time, kept open, usable again after any failure."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from driftwheel._version import __version__
from driftwheel.client.request import Request
from driftwheel.errors import UsageError

__all__ = ["Answer", "Courier", "check_url"]

_PIECE = 1 << 16
_LARGEST_ANSWER = 8 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said.

    Attributes
    ----------
    status
        Of HTTP.
    document
        The JSON object of the body, None where it is none.
    retry_after
        That header, as it came.
    """

    status: int
    document: dict[str, Any] | None
    retry_after: str | None


def check_url(url: str) -> str:
    """Return a server's address without a slash at its end.

    Raises
    ------
    UsageError
        When it is no address of an HTTP server.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise UsageError(f"'{url}' is no address of a server; give one like 'http://localhost:8080'.")
    return url.rstrip("/")


class Courier:
    """Posts requests to one server.

    Parameters
    ----------
    url
        As `check_url` returns it.
    token
        Sent as ``Authorization: Bearer``; may be empty.
    timeout
        Seconds to connect, to send 64 KiB, and to wait for the answer.
    ssl_context
        For https; None for the usual one.
    """

    def __init__(self, url: str, token: str, timeout: float, ssl_context: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        self._prefix = parts.path
        self._headers = {"User-Agent": f"driftwheel/{__version__}", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        host = parts.hostname or ""
        self._connection = (
            http.client.HTTPConnection(host, parts.port, timeout=timeout)
            if parts.scheme == "http"
            else http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=ssl_context)
        )

    def post(self, request: Request) -> Answer:
        """Send a request and return the answer.

        A connection that was kept open may have been closed by the server meanwhile; then, once, a new one is
        tried at once.

        Raises
        ------
        OSError, http.client.HTTPException
            When there is no answer.
        """
        kept_open = self._connection.sock is not None
        try:
            if kept_open:
                with contextlib.suppress(ConnectionError):  # http.client.RemoteDisconnected is one, too
                    return self._post(request)
                self.close()
            return self._post(request)
        except BaseException:
            self.close()  # it may be in the middle of anything
            raise

    def close(self) -> None:
        """Close the connection; the next request opens one."""
        self._connection.close()

    def abort(self) -> None:
        """Make a request of another thread fail now."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def abandon(self) -> None:
        """Close the socket in a forked process, without a word to the server: the parent goes on with it."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()

    def _post(self, request: Request) -> Answer:
        headers = {"Content-Type": request.content_type, "Content-Length": str(request.length)}
        path = self._prefix + request.path
        try:
            self._connection.request("POST", path, _pieces(request.body), self._headers | headers)
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses a body need not read all of it: its answer may be there already.
            if self._connection.sock is None:
                raise
        response = self._connection.getresponse()
        body = response.read(_LARGEST_ANSWER)
        if response.will_close or not response.isclosed():
            self.close()
        return Answer(response.status, _object(body), response.getheader("Retry-After"))


def _pieces(body: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the body in pieces small enough that each is sent within the timeout on a slow line."""
    small: list[bytes] = []
    size = 0
    for part in body:
        if size + len(part) <= _PIECE:
            small.append(part)
            size += len(part)
            continue
        yield b"".join(small)
        small, size = [], 0
        for start in range(0, len(part), _PIECE):
            yield part[start : start + _PIECE]
    yield b"".join(small)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
