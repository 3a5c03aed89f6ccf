"""Read fields of an untrusted map one by one, with type and range, so that damage never passes for data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import ProfileFormatError

__all__ = ["CheckedFields", "signed"]

T = TypeVar("T")


class CheckedFields:
    """A map from a file, read with checks; every method raises `ProfileFormatError` naming the field."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise ProfileFormatError(f"{what} is no map of names")
        self._map: dict[str, Any] = value
        self.what = what

    def close(self, *known: str) -> None:
        """Raise unless the map holds no other fields than `known`."""
        if self._map.keys() - set(known):
            raise ProfileFormatError(
                f"{self.what} has an unknown field {min(self._map.keys() - set(known))!r}"
            )

    def raw(self, name: str) -> Any:
        """Return a field whatever it is."""
        if name not in self._map:
            raise ProfileFormatError(f"{self.what} lacks the field '{name}'")
        return self._map[name]

    def wrong(self, name: str, expected: str) -> ProfileFormatError:
        """Return the error that says what a field should have been."""
        return ProfileFormatError(f"the field '{name}' of {self.what} is not {expected}")

    def whole(self, name: str, *, low: int = 0, high: int = 2**63 - 1) -> int:
        """Return a whole number in [low, high]."""
        value = self.raw(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.wrong(name, f"a whole number from {low} to {high}")
        return value

    def number(self, name: str, *, finite: bool = True) -> float:
        """Return a float64, finite unless NaN is allowed."""
        value = self.raw(name)
        if not isinstance(value, float) or math.isinf(value) or (finite and math.isnan(value)):
            raise self.wrong(name, "a finite number" if finite else "a number")
        return value

    def text(self, name: str) -> str:
        """Return a text."""
        value = self.raw(name)
        if not isinstance(value, str):
            raise self.wrong(name, "a text")
        return value

    def choice(self, name: str, choices: tuple[T, ...]) -> T:
        """Return one of the choices."""
        value = self.raw(name)
        for one in choices:
            if type(value) is type(one) and value == one:
                return one
        raise self.wrong(name, f"one of {', '.join(map(str, choices))}")

    def data(self, name: str) -> bytes:
        """Return bytes."""
        value = self.raw(name)
        if not isinstance(value, bytes):
            raise self.wrong(name, "a row of bytes")
        return value

    def items(self, name: str) -> list[Any]:
        """Return a list."""
        value = self.raw(name)
        if not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value

    def texts(self, name: str, *, or_none: bool = False) -> tuple[Any, ...]:
        """Return a tuple of texts, or of texts and None."""
        values = self.items(name)
        if not all(isinstance(value, str) or (or_none and value is None) for value in values):
            raise self.wrong(name, "a list of texts")
        return tuple(values)

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return None for None, else what `read` makes of the field."""
        return None if self.raw(name) is None else read(name)

    def big(self, name: str) -> int:
        """Return a whole number of any size, as `signed` wrote it."""
        data = self.data(name)
        value = int.from_bytes(data, "little", signed=True)
        if signed(value) != data:
            raise self.wrong(name, "a whole number in its shortest form")
        return value

    def array(self, name: str, dtype: str, n: int) -> NDArray[Any]:
        """Return (n,) finite numbers of the given little-endian dtype."""
        data = self.data(name)
        if len(data) != n * np.dtype(dtype).itemsize:
            raise self.wrong(name, f"{n} numbers")
        values = np.frombuffer(data, dtype).copy()
        if not np.isfinite(values).all():
            raise self.wrong(name, "finite numbers only")
        return values


def signed(value: int) -> bytes:
    """Return a whole number as two's complement, little-endian, in as few bytes as it needs (none for 0).

    Examples
    --------
    >>> signed(128).hex(), signed(-1).hex(), signed(0).hex()
    ('8000', 'ff', '')
    """
    bits = (value if value >= 0 else ~value).bit_length()
    return value.to_bytes(0 if value == 0 else bits // 8 + 1, "little", signed=True)
