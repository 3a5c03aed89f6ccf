"""Hold every connection that a channel opens to the addresses it may reach.

Channels go through libraries of many makers, which resolve names and follow redirects themselves. So an
address is checked where it cannot change any more: at the moment a socket connects, by an audit hook of
Python (PEP 578). That holds whatever the name resolved to when the channel was added, and wherever a redirect
leads.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from driftwheel.notify.public_addresses import is_link_local, is_public

__all__ = ["Guard", "guarded"]

_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


@dataclass(slots=True)
class Guard:
    """What may be reached while it is up.

    Attributes
    ----------
    allow_private
        Addresses of private networks and of this machine may be reached too; link-local ones never.
    refused
        Addresses that were refused, in order.
    """

    allow_private: bool
    refused: list[str] = field(default_factory=list)

    def allows(self, address: str) -> bool:
        """Whether an IP address may be reached; a name or the path of a socket may not."""
        if self.allow_private:
            return not is_link_local(address)
        return is_public(address)


_active: ContextVar[Guard | None] = ContextVar("driftwheel_connection_guard", default=None)
_lock = threading.Lock()
_installed = False


@contextmanager
def guarded(*, allow_private: bool) -> Iterator[Guard]:
    """Refuse connections of this context that lead where a channel may not go, until the block ends.

    Threads that run in a copy of this context are held too; all others are not. A refused connection fails
    with `PermissionError`, as one that a firewall stops.

    Parameters
    ----------
    allow_private
        Let it reach private networks and this machine.
    """
    _install()
    guard = Guard(allow_private)
    token = _active.set(guard)
    try:
        yield guard
    finally:
        _active.reset(token)


def _install() -> None:
    """Add the hook, once in the life of the process: Python takes none away again."""
    global _installed  # noqa: PLW0603
    with _lock:
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS:
        return
    guard = _active.get()
    if guard is None:
        return
    target = arguments[1]
    if target is None:  # sendmsg on a socket that is connected already
        return
    address = str(target[0]) if isinstance(target, tuple) and target else str(target)
    if not guard.allows(address):
        guard.refused.append(address)
        raise PermissionError(f"{address} is not a public address")
