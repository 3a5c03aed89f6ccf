"""Names from outside, made safe to look at: nothing in them may steer a terminal or hide what it is."""

from __future__ import annotations

import unicodedata

__all__ = ["printable", "shortened"]

_STEERING = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Zl",
    "Zp",
}  # controls, invisible formats (text direction!), lone surrogates


def printable(name: str) -> str:
    r"""Return `name` with every character that cannot be seen written as an escape.

    Examples
    --------
    >>> print(printable("cam2/\x1b[31mred.jpg"), printable("a\u202egpj.exe"), printable("caf\udce9.png"))
    cam2/\x1b[31mred.jpg a\u202egpj.exe caf\udce9.png
    """
    if name.isprintable() and name.isascii():
        return name
    return "".join(_escaped(c) if unicodedata.category(c) in _STEERING else c for c in name)


def shortened(name: str, width: int) -> str:
    """Return the printable `name` in at most `width` characters, its beginning and its end kept.

    Examples
    --------
    >>> shortened("camera-2/2026-11-22/front_000123.jpg", 24)
    'camera-…front_000123.jpg'
    """
    shown = printable(name)
    if len(shown) <= width:
        return shown
    tail = (width - 1) * 2 // 3 + 1
    return shown[: width - 1 - tail] + "…" + shown[-tail:]


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
