"""Mistakes on the command line in plain words: what the parser says of a value is meant for programmers."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["plain_mistake"]

_PHRASES = (
    (r"Input should be greater than or equal to (\S+)", "{given} is too small; give {0} or more."),
    (r"Input should be less than or equal to (\S+)", "{given} is too large; give {0} or less."),
    (r"Input should be a valid integer.*", "{given} is no whole number."),
    (r"Input should be a valid number.*", "{given} is no number."),
    (r"Value error, (.*)", "{0}"),
)


def plain_mistake(message: str, given: Any = None) -> str:
    """Return what the parser says of the value `given`, in words for whoever gave it.

    Examples
    --------
    >>> plain_mistake("Value error, 'month' is not one of 'hour', 'day'.", "month")
    "'month' is not one of 'hour', 'day'."
    >>> plain_mistake("Input should be greater than or equal to 1", "0")
    "'0' is too small; give 1 or more."
    """
    for pattern, words in _PHRASES:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return words.format(*found.groups(), given=repr(given))
    return message
