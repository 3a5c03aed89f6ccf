"""EXIF: which way up an image is, and when it was taken."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from driftwheel.images.ifd import Fields, read_first_ifd, read_ifd

__all__ = ["orientation", "time_taken"]

_ORIENTATION, _EXIF_IFD = 0x0112, 0x8769
_ORIGINAL, _DIGITIZED = 0x9003, 0x9004
_OFFSET = {_ORIGINAL: 0x9011, _DIGITIZED: 0x9012}
_SUBSECOND = {_ORIGINAL: 0x9291, _DIGITIZED: 0x9292}

_TIME_TAGS = frozenset({_ORIGINAL, _DIGITIZED, *_OFFSET.values(), *_SUBSECOND.values()})
_MOMENT = re.compile(r"(\d{4})[:\-](\d\d)[:\-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)")


def orientation(exif: bytes | None) -> int:
    r"""Return the orientation 1…8 of an EXIF block; 1 (as stored) when it is absent, damaged or out of range.

    Examples
    --------
    >>> orientation(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0")
    6
    """
    if exif is None:
        return 1
    try:
        value = read_first_ifd(exif, frozenset({_ORIENTATION})).get(_ORIENTATION, (1,))
    except ValueError:
        return 1
    return value[0] if 1 <= value[0] <= 8 else 1


def time_taken(exif: bytes | None) -> datetime | None:
    """Return when the image was taken, in UTC, or None when the EXIF block does not say.

    That is ``DateTimeOriginal``, or else ``DateTimeDigitized``, with its fraction of a second. A time with
    its UTC offset (``OffsetTimeOriginal``) is converted; **one without is taken as UTC**, since EXIF then
    does not say the zone. ``DateTime`` is not used: it is when the file was last changed.

    Source: CIPA DC-008-2019 (Exif 2.32), section 4.6.5.
    """
    if exif is None:
        return None
    try:
        pointer = read_first_ifd(exif, frozenset({_EXIF_IFD})).get(_EXIF_IFD)
        if not isinstance(pointer, tuple):
            return None
        fields = read_ifd(exif, pointer[0], "<" if exif[:2] == b"II" else ">", _TIME_TAGS)
    except ValueError:
        return None
    for tag in (_ORIGINAL, _DIGITIZED):
        moment = _MOMENT.match(_text(fields, tag))
        if moment is None:
            continue
        try:
            local = datetime(*map(int, moment.groups()))  # type: ignore[arg-type]
            local = local.replace(tzinfo=_zone(_text(fields, _OFFSET[tag])))
            fraction = re.match(r"\d{1,6}", _text(fields, _SUBSECOND[tag]))
            if fraction is not None:
                local = local.replace(microsecond=int(fraction[0].ljust(6, "0")))
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _text(fields: Fields, tag: int) -> str:
    value = fields.get(tag, b"")
    return value.split(b"\0", 1)[0].decode("ascii", "replace").strip() if isinstance(value, bytes) else ""


def _zone(offset: str) -> timezone:
    parts = _ZONE.fullmatch(offset)
    if parts is None:
        return UTC
    ahead = timedelta(hours=int(parts[2]), minutes=int(parts[3]))
    return timezone(ahead if parts[1] == "+" else -ahead)
