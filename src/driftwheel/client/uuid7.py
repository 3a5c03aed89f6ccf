"""UUID version 7: ids that are unique and sort by the time they were made."""

from __future__ import annotations

import os
import time
from uuid import UUID

from driftwheel.errors import UsageError

__all__ = ["new_id", "uuid7"]

_LARGEST = 1 << 48


def uuid7(milliseconds: int, random: bytes) -> str:
    """Return the UUIDv7 of a moment in its usual form of 36 characters (RFC 9562, section 5.7).

    Parameters
    ----------
    milliseconds
        Since 1970 in UTC, below 2⁴⁸ (the year 10889).
    random
        10 bytes, of which 74 bits are used.

    Raises
    ------
    UsageError
        For a moment out of range or too few bytes.

    Examples
    --------
    The example of the RFC, appendix A.6:

    >>> uuid7(0x017F22E279B0, bytes.fromhex("0CC318C4DC0C0C07398F"))
    '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'
    """
    if not 0 <= milliseconds < _LARGEST:
        raise UsageError(f"A UUIDv7 holds 0 to {_LARGEST - 1} milliseconds since 1970, not {milliseconds}.")
    if len(random) != 10:
        raise UsageError(f"A UUIDv7 is made from 10 random bytes, not {len(random)}.")
    high = int.from_bytes(random[:2], "big") & 0x0FFF
    low = int.from_bytes(random[2:], "big") & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def new_id() -> str:
    """Return the UUIDv7 of now, with bytes of the operating system's generator."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))
