"""Passwords: what is asked of one, and how it is kept: by argon2id, with a salt of its own."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

from driftwheel.errors import UsageError

__all__ = [
    "LEAST_CHARACTERS",
    "MOST_CHARACTERS",
    "check_password",
    "hash_password",
    "random_password",
    "verify_password",
]

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 256
_LEAST_DIFFERENT = 5
_RANDOM_BYTES = 15  # 120 bits, 20 characters


def check_password(password: str, name: str) -> None:
    """Raise `UsageError` unless `password` will do for the user called `name`.

    It has 10 to 256 characters, at least 5 of them different, and the name is not in it.

    Examples
    --------
    >>> check_password("aaaaaaaaaaaa", "anna")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: The password has only 1 different characters; it must have at least 5...
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise UsageError(
            f"The password has {len(password)} characters; it must have {LEAST_CHARACTERS} to "
            f"{MOST_CHARACTERS}. Three or four words make a good one."
        )
    if not _is_text(password):
        raise UsageError("The password holds half of a surrogate pair, which is no character. Leave it out.")
    if len(set(password)) < _LEAST_DIFFERENT:
        raise UsageError(
            f"The password has only {len(set(password))} different characters; it must have at least "
            f"{_LEAST_DIFFERENT}. Three or four words make a good one."
        )
    if name.casefold() in password.casefold():
        raise UsageError(f"The password contains the name '{name}'. Choose one that does not.")


def hash_password(password: str) -> str:
    """Return what is stored of a password; takes about 0.1 s and 64 MiB on purpose."""
    return _argon2().hash(password)


def verify_password(password: str, stored: str) -> tuple[bool, str | None]:
    """Return whether `password` is the one stored, and what to store anew when the costs have risen since."""
    if len(password) > MOST_CHARACTERS or not _is_text(password):
        return False, None
    try:
        return _argon2().verify_and_update(password, stored)
    except UnknownHashError:
        return False, None


def random_password(randomness: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a password of 20 characters that nobody guesses: 120 random bits.

    Examples
    --------
    >>> random_password(bytes)
    'AAAAAAAAAAAAAAAAAAAA'
    """
    return base64.urlsafe_b64encode(randomness(_RANDOM_BYTES)).decode("ascii")


def _is_text(password: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in password)


@cache
def _argon2() -> PasswordHash:
    return PasswordHash.recommended()
