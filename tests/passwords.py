"""Passwords that are hashed in a millisecond: argon2id as in the product, at a small cost.

The product's cost, a fifth of a second on purpose, is that of most tests that log somebody in. Its own test,
and every server that runs in a process of its own, keep it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from driftwheel.services.access import password

__all__ = ["QUICK", "SLOW", "quick_passwords"]

SLOW = password._argon2()
"""What the product hashes with."""

QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1),))
"""What tests hash with."""


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords at a small cost in all tests of this session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password, "_argon2", lambda: QUICK)
        yield
