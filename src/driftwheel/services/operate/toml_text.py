"""TOML written: tables of plain values, as `tomllib` reads them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from driftwheel.errors import UsageError

__all__ = ["toml_text", "toml_value"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: Mapping[str, Any]) -> str:
    """Return a document as TOML: plain keys first, then a ``[table]`` for each mapping.

    Values are text, whole numbers, finite numbers, booleans, lists of these, and mappings; None is left out.
    A mapping in a list is written inline.

    Examples
    --------
    >>> print(toml_text({"models": {"cats": {"task": "classification", "classes": ["cat", "dog"]}}}))
    [models.cats]
    task = "classification"
    classes = ["cat", "dog"]
    <BLANKLINE>
    """
    return "\n".join(_blocks(document, ()))


def toml_value(value: Any) -> str:
    """Return one value as TOML writes it; raise `UsageError` for what it cannot write."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case str():
            return _quoted(value)
        case Mapping():
            pairs = [f"{_key(key)} = {toml_value(one)}" for key, one in value.items() if one is not None]
            return f"{{{', '.join(pairs)}}}"
        case Sequence():
            return f"[{', '.join(toml_value(one) for one in value)}]"
        case _:
            raise UsageError(f"{value!r} cannot be written as TOML.")


def _blocks(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: one for key, one in table.items() if one is not None and not isinstance(one, Mapping)}
    inner = {key: one for key, one in table.items() if isinstance(one, Mapping)}
    lines = [f"{_key(key)} = {toml_value(one)}\n" for key, one in plain.items()]
    blocks = []
    if path and (lines or not inner):
        blocks.append(f"[{'.'.join(_key(part) for part in path)}]\n{''.join(lines)}")
    elif lines:
        blocks.append("".join(lines))
    for key, one in inner.items():
        blocks += _blocks(one, (*path, key))
    return blocks


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    """A basic string has JSON's escapes, and one control character more that must be escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
