"""Post to a webhook: within a time, without following redirects, and nowhere that it may not go."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from driftwheel.errors import UsageError
from driftwheel.notify.channel_url import refusal
from driftwheel.notify.connection_guard import guarded
from driftwheel.notify.public_addresses import is_public

__all__ = ["SECONDS", "Letter", "Posted", "check_webhook_url", "post_letters", "shown_url"]

SECONDS: Final = 15.0
"""How long a receiver may take for one request, from the first packet to the last."""

_CONNECT_SECONDS = 10.0
_MOST_READ = 4096  # bytes of an answer
_LONGEST_URL = 2048


@dataclass(frozen=True, slots=True)
class Letter:
    """A request to be posted."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a request.

    Attributes
    ----------
    status
        Of the answer; None: there was none.
    said
        Why it was not taken, in a sentence; empty where it was.
    """

    status: int | None
    said: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has it: it answered 2xx."""
        return self.status is not None and 200 <= self.status < 300


def check_webhook_url(url: str, *, allow_private: bool) -> str:
    """Return the address of a webhook without spaces around it; nothing is resolved or connected.

    Raises
    ------
    UsageError
        When it cannot be used. A name may lead into a private network as well: that is found out when
        something is sent.

    Examples
    --------
    >>> check_webhook_url("https://example.com/hook ", allow_private=False)
    'https://example.com/hook'
    """
    bare = url.strip()
    parts = _parts(bare)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "The address of a webhook has no name and password: leave them out; its signature says who sends."
        )
    host = (parts.hostname or "").lower()
    literal = bool(re.fullmatch(r"[0-9.]+|[0-9a-f:.%]*:[0-9a-f:.%]*", host))
    if not allow_private and (
        host == "localhost" or host.endswith(".localhost") or (literal and not is_public(host))
    ):
        raise UsageError(refusal(host))
    return bare


def shown_url(url: str) -> str:
    """Return what of an address may be shown: the rest may be a secret.

    Examples
    --------
    >>> shown_url("https://hooks.example.com/T0/secret?key=1"), shown_url("https://example.com")
    ('https://hooks.example.com/…', 'https://example.com')
    """
    parts = urlsplit(url)
    more = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{more}"


def post_letters(
    url: str,
    letters: Iterator[Letter],
    *,
    go_on: Callable[[Posted], bool],
    allow_private: bool = False,
    seconds: float = SECONDS,
) -> None:
    """Post one request after the other over one connection; never raises for what the other side does.

    Parameters
    ----------
    letters
        Each is asked for when the one before has been answered.
    go_on
        Is told what became of each, and says whether the next is posted.
    allow_private
        Let it reach private networks and this machine.
    seconds
        For each request.
    """
    parts = _parts(url)
    line: http.client.HTTPConnection | None = None
    with guarded(allow_private=allow_private) as guard:
        try:
            for letter in letters:
                reused, line = line is not None, line or _line(parts)
                posted = _post(line, parts, letter, seconds)
                if posted is None and reused:  # it was closed since the last answer
                    line.close()
                    line = _line(parts)
                    posted = _post(line, parts, letter, seconds)
                if guard.refused:
                    posted = Posted(None, refusal(guard.refused[0]))
                posted = posted or Posted(None, "The receiver closed the connection without an answer.")
                if not posted.taken:
                    line.close()
                    line = None
                if not go_on(posted):
                    return
        finally:
            if line is not None:
                line.close()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        port_fits = False
        parts = urlsplit("")
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_fits or not plain:
        raise UsageError(
            f"'{shown_url(url)[:80] if port_fits else url[:20]}' is no address of a webhook; give one as "
            "https://example.com/path."
        )
    return parts


def _line(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=_CONNECT_SECONDS, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=_CONNECT_SECONDS)


def _post(
    line: http.client.HTTPConnection, parts: SplitResult, letter: Letter, seconds: float
) -> Posted | None:
    """Post a request, and return what became of it; None: the connection was closed before an answer."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    late = threading.Event()
    try:
        if line.sock is None:
            line.connect()
        with _ended_after(line, seconds, late):
            line.request("POST", path, letter.body, dict(letter.headers))
            answer = line.getresponse()
            answer.read(_MOST_READ)
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        return _too_late(seconds) if late.is_set() else None
    except (OSError, http.client.HTTPException) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            return _too_late(seconds)
        said = " ".join(str(error).split())[:300] or type(error).__name__
        return Posted(None, f"It could not be sent: {said}.")
    if not answer.isclosed():  # there is more of it than anybody wants to know
        line.close()
    if 200 <= answer.status < 300:
        return Posted(answer.status)
    if 300 <= answer.status < 400:
        return Posted(
            answer.status,
            f"The receiver answered {answer.status}: no redirect is followed; give where it leads.",
        )
    return Posted(answer.status, f"The receiver answered {answer.status} {answer.reason}"[:300].strip() + ".")


def _too_late(seconds: float) -> Posted:
    return Posted(None, f"The receiver did not answer within {seconds:g} s.")


@contextmanager
def _ended_after(line: http.client.HTTPConnection, seconds: float, late: threading.Event) -> Iterator[None]:
    """End a connection when its time is over, however slowly it goes on."""
    opened = line.sock

    def end() -> None:
        late.set()
        with suppress(OSError):
            socket.socket.shutdown(opened, socket.SHUT_RDWR)  # that of TLS would be in the reader's way

    opened.settimeout(seconds)
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
