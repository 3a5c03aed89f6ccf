"""Image file directories: the tagged fields of TIFF files and EXIF blocks."""

from __future__ import annotations

import struct

__all__ = ["Fields", "read_first_ifd", "read_ifd"]

Fields = dict[int, tuple[int, ...] | bytes]
"""Tag → its numbers, or its bytes for text and undefined data."""

_CODES = {1: "B", 2: "s", 3: "H", 4: "I", 6: "b", 7: "s", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST_VALUES = 1 << 22


def read_first_ifd(block: bytes, tags: frozenset[int]) -> Fields:
    """Return the wanted fields of the first directory of a TIFF structure, classic or BigTIFF.

    Fields of types without integer or text values (rationals, floats), and those that lie outside the block,
    are left out.

    Raises
    ------
    ValueError
        When the block does not begin as a TIFF structure, or its first directory lies outside it.
    """
    order = {b"II": "<", b"MM": ">"}.get(bytes(block[:2]))
    if order is None or len(block) < 8:
        raise ValueError("no TIFF structure")
    version, first = struct.unpack_from(order + "HI", block, 2)
    if version == 42:
        return read_ifd(block, first, order, tags)
    if version == 43 and len(block) >= 16:
        return read_ifd(block, struct.unpack_from(order + "Q", block, 8)[0], order, tags, big=True)
    raise ValueError("no TIFF structure")


def read_ifd(block: bytes, offset: int, order: str, tags: frozenset[int], *, big: bool = False) -> Fields:
    """Return the wanted fields of the directory at `offset`; `order` is ``<`` or ``>``, `big` means BigTIFF.

    Raises
    ------
    ValueError
        When the directory lies outside the block.
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
                continue
            numbers = struct.unpack_from(layout, block, at)
        fields[tag] = numbers[0] if code == "s" else numbers
    return fields
