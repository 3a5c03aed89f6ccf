"""TOML as plain values, with numbers that everything here can be told."""

from __future__ import annotations

import math
import tomllib
from typing import Any

from driftwheel.errors import UsageError

__all__ = ["parse_toml"]

_LARGEST = 2**63  # TOML's own bound, which Python's reader does not keep


def parse_toml(text: str) -> dict[str, Any]:
    r"""Return what a TOML text says.

    Raises
    ------
    UsageError
        Where it is no TOML, or has a number that is none, or one of more than 64 bits.

    Examples
    --------
    >>> parse_toml("[models.cats]\nkeep_images = nan")
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: models.cats.keep_images is nan; give a number.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(str(error)) from None
    except ValueError:
        raise UsageError("A number has thousands of digits; give fewer.") from None
    except RecursionError:
        raise UsageError("Its lists or tables lie too deep in one another.") from None
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        where, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [(f"{where}.{key}" if where else key, each) for key, each in one.items()]
        elif isinstance(one, list):
            waiting += [(where, each) for each in one]
        elif isinstance(one, float) and not math.isfinite(one):
            raise UsageError(f"{where} is {one}; give a number.")
        elif isinstance(one, int) and not -_LARGEST <= one < _LARGEST:
            raise UsageError(f"{where} has more than 64 bits; give a smaller number.")
    return document
