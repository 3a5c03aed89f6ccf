"""Answer only to our own names: another name that leads here is DNS rebinding, or a mistake."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from driftwheel.web.problems import problem_response

__all__ = ["AllowedHosts", "is_allowed"]

_PROBES = frozenset({"/livez", "/readyz"})  # load balancers call these by whatever address they have


class AllowedHosts:
    """Refuses requests (400) whose ``Host`` is none of `hosts`; the port does not count.

    Parameters
    ----------
    app
        What answers to the others.
    hosts
        Lower-case names; ``*.example.org`` stands for all names under one, ``*`` for every name.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = tuple(hosts)
        self._seen: frozenset[bytes] = (
            frozenset()
        )  # headers that were found good: few, and asked for each time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "http" and scope["path"] not in _PROBES:
            given = [value for name, value in scope["headers"] if name == b"host"]
            if len(given) != 1 or not self._is_good(given[0]):
                name = given[0].decode("latin-1")[:200] if given else ""
                response = problem_response(
                    400,
                    f"This server is not called '{name}'. Use one of its names, or add this one to the "
                    "setting DRIFTWHEEL_ALLOWED_HOSTS.",
                )
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_good(self, host: bytes) -> bool:
        if host in self._seen:
            return True
        good = is_allowed(host.decode("latin-1"), self._hosts)
        if good and len(self._seen) < 100:
            self._seen |= {host}
        return good


def is_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Whether the header `host`, with or without its port, is one of the `allowed` names.

    Examples
    --------
    >>> is_allowed("localhost:8080", ["localhost"]), is_allowed("evil.example", ["localhost"])
    (True, False)
    >>> is_allowed("[::1]:8080", ["[::1]"]), is_allowed("a.example.org", ["*.example.org"])
    (True, True)
    """
    name = host.lower()
    head, colon, port = name.rpartition(":")
    if colon and (port.isdigit() or not port):
        name = head
    return any(
        one in {"*", name} or (one.startswith("*.") and name.endswith(one[1:]) and name != one[1:])
        for one in allowed
    )
