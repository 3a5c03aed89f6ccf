"""Tokens seen in the last seconds: a request with one costs no query, and its use no write."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from driftwheel.services.access.authorise import Identity

__all__ = ["TRUSTED_FOR", "KnownTokens"]

TRUSTED_FOR = timedelta(seconds=2)
"""A token that another process revokes works for so much longer here; one revoked here stops at once."""

_MOST = 1000


class KnownTokens:
    """Who holds which token, for two seconds after it was looked up; one object a server, safe among threads.

    Only tokens that are good are known; wrong ones are looked up each time.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Identity, datetime]] = {}
        self._uses: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def find(self, secret: str, now: datetime) -> Identity | None:
        """Return who holds a token that was looked up less than two seconds ago, and note its use."""
        known = self._known.get(secret)
        if known is None or not timedelta() <= now - known[1] < TRUSTED_FOR:
            return None
        self._note(known[0], now)
        return known[0]

    def learn(self, secret: str, identity: Identity, now: datetime) -> None:
        """Keep who holds a token that was just looked up, and note its use."""
        with self._lock:
            self._known.pop(secret, None)
            while len(self._known) >= _MOST:
                self._known.pop(next(iter(self._known)))
            self._known[secret] = (identity, now)
        self._note(identity, now)

    def forget(self) -> None:
        """Look every token up again: one was revoked."""
        with self._lock:
            self._known.clear()

    def take_uses(self) -> Mapping[int, datetime]:
        """Return when each token used since the last call was last used, by its key; who asks keeps it."""
        with self._lock:
            uses, self._uses = self._uses, {}
        return uses

    def _note(self, identity: Identity, now: datetime) -> None:
        if identity.token is not None:
            with self._lock:
                self._uses[identity.token] = now
