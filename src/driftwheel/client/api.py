"""Calls of a server's JSON API: one connection, kept open, by one thread at a time."""

from __future__ import annotations

import contextlib
import http.client
import json
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from driftwheel._version import __version__
from driftwheel.client.courier import check_url
from driftwheel.errors import DriftwheelError, UsageError

__all__ = ["Api", "Reply"]

_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said: the status of HTTP, the body, and the JSON in it; None where there is none."""

    status: int
    document: Any
    body: bytes

    @property
    def detail(self) -> str:
        """What went wrong, in the server's words; empty where it says nothing."""
        return str(self.document.get("detail", "")) if isinstance(self.document, dict) else ""


class Api:
    """The API of one server, called as a token may.

    Parameters
    ----------
    url
        Of the server, such as ``https://driftwheel.example:8080``; a path is kept.
    token
        An API token, or empty for what is open to all.
    timeout
        Seconds to wait for an answer.

    Raises
    ------
    UsageError
        When the address is none of an HTTP server, or the token is none.
    """

    def __init__(self, url: str, token: str = "", timeout: float = _SECONDS) -> None:
        self.url = check_url(url)
        if not (token.isascii() and token.isprintable()):
            raise UsageError(
                "The token has characters that no token has; give the one line 'dw_…' that "
                "`driftwheel tokens create` prints."
            )
        self.token = token
        self._timeout = timeout
        parts = urlsplit(self.url)
        self._base = f"{parts.path}/api/v1"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        weakref.finalize(self, self._connection.close)

    def as_token(self, token: str) -> Api:
        """Return the same server's API, called with another token, by a connection of its own."""
        return Api(self.url, token, self._timeout)

    def get(self, path: str, **query: Any) -> Any:
        """Return what is at a path below ``/api/v1``; parameters that are None are left out.

        Raises
        ------
        DriftwheelError
            With what the server says, when it refuses, and when it does not answer.
        """
        given = {name: value for name, value in query.items() if value is not None}
        return self._told("GET", f"{path}?{urlencode(given)}" if given else path, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a JSON body to a path and return the answer, likewise."""
        return self._told("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Set what is at a path, likewise."""
        return self._told("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change what is at a path, likewise."""
        return self._told("PATCH", path, body)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        content_type: str = "application/json",
    ) -> Reply:
        """Send a request and return the reply, whatever its status is.

        A connection that the server has closed meanwhile is opened anew, once.

        Raises
        ------
        DriftwheelError
            When there is no answer.
        """
        headers = {"User-Agent": f"driftwheel/{__version__}", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = content_type
        kept_open = self._connection.sock is not None
        try:
            if kept_open:
                with contextlib.suppress(ConnectionError):  # http.client.RemoteDisconnected is one, too
                    return self._send(method, path, data, headers)
                self.close()
            return self._send(method, path, data, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise DriftwheelError(
                f"The server at {self.url} does not answer: {error}. Is it running, and is that its address?"
            ) from error

    def close(self) -> None:
        """Close the connection; the next call opens one."""
        self._connection.close()

    def _told(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        reply = self.call(method, path, body)
        if reply.status >= 300:
            said = reply.detail or http.client.responses.get(reply.status, str(reply.status))
            raise DriftwheelError(f"{method} {path.partition('?')[0]}: {said}")
        return reply.document

    def _send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Reply:
        self._connection.request(method, self._base + path, data, dict(headers))
        response = self._connection.getresponse()
        text = response.read()
        try:
            document = json.loads(text) if text else None
        except ValueError:
            document = None
        return Reply(response.status, document, text)
