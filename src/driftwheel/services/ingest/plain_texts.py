"""Texts that both databases can keep: what people and programs send is checked as a whole, before it is used.

PostgreSQL keeps no NUL, and neither database half a surrogate pair; a field that forgets to look would fail
inside. So whoever reads a body, a form or a file calls this once for all of it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from driftwheel.services.ingest.ingest_checks import check_text

__all__ = ["check_texts"]


def check_texts(value: object, what: str = "") -> None:
    r"""Raise `UsageError` where a text in plain values (mappings, lists, texts, numbers) cannot be kept.

    Keys of mappings are texts as well. What is wrong is named by its path, after `what`.

    Examples
    --------
    >>> check_texts({"name": "cats", "tags": ["a", "b"]})
    >>> check_texts({"monitors": [{"note": "a\0b"}]})
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: monitors.0.note holds the character NUL; leave it out.
    """
    waiting: list[tuple[str, object]] = [(what, value)]
    while waiting:
        where, one = waiting.pop()
        if isinstance(one, str):
            check_text(where or "The text", one, sys.maxsize)
        elif isinstance(one, Mapping):
            for key, each in one.items():
                check_text(f"A name in {where}" if where else "A name", str(key), sys.maxsize)
                waiting.append((f"{where}.{key}" if where else str(key), each))
        elif isinstance(one, Sequence) and not isinstance(one, bytes | bytearray):
            waiting += [(f"{where}.{at}" if where else str(at), each) for at, each in enumerate(one)]
