"""Ids for records whose client gave none."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

__all__ = ["new_record_id"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def new_record_id(now: datetime, randomness: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a UUIDv7 (RFC 9562, 5.7): it begins with the time, so that ids sort as they were made.

    Parameters
    ----------
    now
        UTC; milliseconds count.
    randomness
        Returns so many random bytes; 74 bits of 10 are used.

    Examples
    --------
    >>> new_record_id(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), bytes)
    '017f22e2-79b0-7000-8000-000000000000'
    """
    milliseconds = (now - _EPOCH) // _MILLISECOND
    random = int.from_bytes(randomness(10))
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64
    return str(UUID(int=value | 0b10 << 62 | random & (1 << 62) - 1))
