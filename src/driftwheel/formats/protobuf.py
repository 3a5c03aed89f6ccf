"""The fields of a Protocol Buffers message, told apart without knowing what it describes."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["fields"]

_TAG = 0xFFFFFFFF  # readers in C++ drop what is above, so a field is not hidden by it


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number of each field, and its value: a number, or the bytes of what is inside.

    Raises
    ------
    ValueError, IndexError
        For what is no message.

    Examples
    --------
    >>> [(field, value if isinstance(value, int) else bytes(value)) for field, value in
    ...  fields(memoryview(bytes([8, 150, 1, 18, 2, 104, 105])))]
    [(1, 150), (2, b'hi')]
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        tag &= _TAG
        field, wire = tag >> 3, tag & 7
        if field == 0:
            raise ValueError
        if wire == 0:
            value, at = _varint(message, at)
            yield field, value
            continue
        if wire == 2:
            length, at = _varint(message, at)
        elif wire in {1, 5}:
            length = 8 if wire == 1 else 4
        else:
            raise ValueError
        if at + length > len(message):
            raise ValueError
        yield field, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place after it."""
    value = shift = 0
    while True:
        byte = message[at]  # IndexError at the end
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError
