"""What people say for others to read later, such as a reason or a note: how long it may be."""

from __future__ import annotations

from typing import Final

from driftwheel.errors import UsageError

__all__ = ["LONGEST_REMARK", "check_remark"]

LONGEST_REMARK: Final = 2000
"""Characters of a reason, a cause or a note at most."""


def check_remark(what: str, text: str) -> None:
    """Refuse a text that is too long to be kept.

    Parameters
    ----------
    what
        What it is called, such as ``reason``.

    Raises
    ------
    UsageError
        When it has more than 2,000 characters.

    Examples
    --------
    >>> check_remark("reason", "The lens was changed.")
    """
    if len(text) > LONGEST_REMARK:
        raise UsageError(f"The {what} has {len(text):,} characters; give at most {LONGEST_REMARK:,}.")
