"""Image file directories: the tagged fields of TIFF files and EXIF blocks."""

from __future__ import annotations

import struct

__all__ = ["Fields", "end_of_first_ifd", "read_first_ifd", "read_ifd"]

Fields = dict[int, tuple[int, ...] | bytes]
"""Tag → its numbers, or its bytes for text and undefined data."""

_CODES = {1: "B", 2: "s", 3: "H", 4: "I", 6: "b", 7: "s", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_SIZES = dict(
    zip(
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18),
        (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 8, 8, 8),
        strict=True,
    )
)
_MOST_VALUES = 1 << 22


def read_first_ifd(block: bytes, tags: frozenset[int], *, strict: bool = False) -> Fields:
    """Return the wanted fields of the first directory of a TIFF structure, classic or BigTIFF.

    Fields of types without integer or text values (rationals, floats) are left out, and so are those that lie
    outside the block, unless `strict`.

    Raises
    ------
    ValueError
        When the block does not begin as a TIFF structure, or its first directory lies outside it, or with
        `strict` a wanted field does.
    """
    order, offset, big = _first(block)
    return read_ifd(block, offset, order, tags, big=big, strict=strict)


def end_of_first_ifd(block: bytes) -> int:
    """Return where all that the first directory points to ends: beyond the block when that was cut off."""
    order, offset, big = _first(block)
    count_code, entry_code, room = ("Q", "HHQQ", 8) if big else ("H", "HHII", 4)
    start = offset + struct.calcsize(order + count_code)
    if start > len(block):
        return start
    (entries,) = struct.unpack_from(order + count_code, block, offset)
    entry = struct.Struct(order + entry_code)
    end: int = start + entries * entry.size + room
    if end > len(block):
        return end
    for _, kind, count, at in entry.iter_unpack(block[start : end - room]):
        size = count * _SIZES.get(kind, 1)
        end = max(end, at + size if size > room else 0)
    return end


def _first(block: bytes) -> tuple[str, int, bool]:
    """Return byte order and place of the first directory, and whether it is that of a BigTIFF."""
    order = {b"II": "<", b"MM": ">"}.get(bytes(block[:2]))
    if order is None or len(block) < 8:
        raise ValueError("no TIFF structure")
    version, first = struct.unpack_from(order + "HI", block, 2)
    if version == 42:
        return order, first, False
    if version == 43 and len(block) >= 16:
        (first,) = struct.unpack_from(order + "Q", block, 8)
        return order, first, True
    raise ValueError("no TIFF structure")


def read_ifd(
    block: bytes, offset: int, order: str, tags: frozenset[int], *, big: bool = False, strict: bool = False
) -> Fields:
    """Return the wanted fields of the directory at `offset`; `order` is ``<`` or ``>``, `big` means BigTIFF.

    Raises
    ------
    ValueError
        When the directory lies outside the block, or with `strict` a wanted field does.
    """
    count_code, entry_code, room = ("Q", "HHQ8s", 8) if big else ("H", "HHI4s", 4)
    start = offset + struct.calcsize(order + count_code)
    if offset < 8 or start > len(block):
        raise ValueError("directory outside the file")
    (entries,) = struct.unpack_from(order + count_code, block, offset)
    entry = struct.Struct(order + entry_code)
    if start + entries * entry.size > len(block):
        raise ValueError("directory outside the file")
    fields: Fields = {}
    for tag, kind, count, value in entry.iter_unpack(block[start : start + entries * entry.size]):
        code = _CODES.get(kind)
        if tag not in tags or code is None or not 0 < count <= _MOST_VALUES:
            continue
        layout = f"{order}{count}{code}"
        size = struct.calcsize(layout)
        if size <= room:
            numbers = struct.unpack_from(layout, value)
        else:
            (at,) = struct.unpack(order + ("Q" if big else "I"), value)
            if at + size > len(block):
                if strict:
                    raise ValueError("field outside the file")
                continue
            numbers = struct.unpack_from(layout, block, at)
        fields[tag] = numbers[0] if code == "s" else numbers
    return fields
