from __future__ import annotations

import pytest
from argon2 import Type, extract_parameters
from tests.passwords import QUICK, SLOW

from driftwheel.services.access import password
from driftwheel.services.access.password import hash_password, verify_password

GOOD = "three blue horses"


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as the product does."""
    monkeypatch.setattr(password, "_argon2", lambda: SLOW)


def test_it_is_hashed_by_argon2id_at_a_cost_that_guessing_feels() -> None:
    """At least the second of the two that RFC 9106, section 4, recommends: for little memory."""
    stored = hash_password(GOOD)
    cost = extract_parameters(stored)
    assert cost.type is Type.ID
    assert cost.memory_cost >= 65536  # KiB
    assert cost.time_cost >= 3
    assert cost.salt_len >= 16
    assert hash_password(GOOD) != stored
    assert verify_password(GOOD, stored) == (True, None)
    assert verify_password(GOOD + "x", stored) == (False, None)


def test_one_that_was_stored_at_a_lower_cost_is_stored_anew() -> None:
    fits, anew = verify_password(GOOD, QUICK.hash(GOOD))
    assert fits
    assert anew is not None
    assert extract_parameters(anew).memory_cost >= 65536
    assert verify_password(GOOD, anew) == (True, None)


@pytest.mark.parametrize("stored", ["", "!", "$2b$12$abc", "plain"])
def test_what_is_no_hash_fits_no_password(stored: str) -> None:
    assert verify_password(GOOD, stored) == (False, None)


def test_one_too_long_is_not_even_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = hash_password(GOOD)
    monkeypatch.setattr(password, "_argon2", lambda: None)
    assert verify_password("x" * 257, stored) == (False, None)
    assert verify_password("\ud800" * 12, stored) == (False, None)
