"""TIFF: the first directory."""

from __future__ import annotations

from driftwheel.errors import UnreadableImageError
from driftwheel.images.headers.stored import Stored
from driftwheel.images.ifd import Fields, end_of_first_ifd, read_first_ifd

__all__ = ["read_tiff", "tiff_is_cut_off"]

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES, _EXTRA = 256, 257, 258, 262, 274, 277, 338
_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 279, 324, 325
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_SUBFILE, _SUB_IFDS, _DNG_VERSION = 254, 330, 50706
_TAGS = frozenset({
    _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES, _EXTRA,
    _STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES, _TILE_WIDTH, _TILE_HEIGHT, _SUBFILE, _SUB_IFDS, _DNG_VERSION,
})  # fmt: skip
_MIN_IS_WHITE, _PALETTE, _CMYK = 0, 3, 5


def read_tiff(data: bytes) -> Stored:
    """Return what a TIFF file says of its first page; classic and BigTIFF.

    A file is whole when all strips or tiles of that page lie within it. The block that EXIF readers expect is
    the file.

    Raises
    ------
    UnreadableImageError
        ``truncated`` when the directory lies beyond the end of the file, ``corrupt`` when it makes no sense,
        ``unsupported: …`` for camera raw files and for more than four channels.

    Source: Adobe, TIFF revision 6.0.
    """
    try:
        fields = read_first_ifd(data, _TAGS, strict=True)
    except ValueError:
        raise UnreadableImageError("truncated") from None
    if (
        data[8:10] == b"CR"
        or _DNG_VERSION in fields
        or (_first(fields, _SUBFILE, 0) & 1 and _SUB_IFDS in fields)
    ):
        raise UnreadableImageError("unsupported: camera raw")  # its first page is a thumbnail
    width, height, samples = (
        _first(fields, tag, default) for tag, default in ((_WIDTH, 0), (_HEIGHT, 0), (_SAMPLES, 1))
    )
    depth, photometric = _first(fields, _BITS, 1), _first(fields, _PHOTOMETRIC, 1)
    tile = _first(fields, _TILE_WIDTH, 1), _first(fields, _TILE_HEIGHT, 1)
    depths = len(fields.get(_BITS, (depth,)))  # the decoder trusts that there is one for all, or one a sample
    if width <= 0 or height <= 0 or samples <= 0 or min(tile) <= 0 or depths not in (1, samples):
        raise UnreadableImageError("corrupt")
    if tile[0] > max(65536, 2 * width) or tile[1] > max(65536, 2 * height):
        raise UnreadableImageError("corrupt")
    channels, alpha = samples, "none"
    if photometric == _PALETTE:
        channels, depth = 3, 8
    elif photometric != _CMYK and samples in (2, 4):
        straight = depth > 8 and _first(fields, _EXTRA, 0) == 2
        alpha = "straight" if straight else "done"
    if channels > 4:
        raise UnreadableImageError("unsupported: TIFF of more than four channels")
    orientation = _first(fields, _ORIENTATION, 1)
    return Stored(
        width,
        height,
        channels,
        depth,
        _is_whole(fields, len(data)),
        data,
        orientation if 1 <= orientation <= 8 else 1,
        alpha=alpha,
        inverted=photometric == _MIN_IS_WHITE and depth > 8,
    )


def tiff_is_cut_off(data: bytes) -> bool:
    """Return whether something that the first directory points to lies beyond the end of the file."""
    return end_of_first_ifd(data) > len(data)


def _first(fields: Fields, tag: int, default: int) -> int:
    value = fields.get(tag)
    return value[0] if isinstance(value, tuple) else default


def _is_whole(fields: Fields, size: int) -> bool:
    for at, bytes_at in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
        starts, sizes = fields.get(at), fields.get(bytes_at)
        if isinstance(starts, tuple) and isinstance(sizes, tuple) and len(starts) == len(sizes):
            return all(start + length <= size for start, length in zip(starts, sizes, strict=True))
    return _STRIPS not in fields or max(fields[_STRIPS]) < size
