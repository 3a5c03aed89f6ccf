"""Options that every verb takes, held against what they may be before the long work starts."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any, get_args

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.records import Mode

__all__ = [
    "checked_embedder",
    "checked_mode",
    "checked_seed",
    "checked_tags",
    "checked_threads",
]


def checked_mode(mode: str) -> Mode:
    """Return the mode of that name; raise `UsageError` for another.

    Examples
    --------
    >>> checked_mode("fast")
    'fast'
    >>> checked_mode("exakt")
    Traceback (most recent call last):
    driftwheel.errors.UsageError: There is no mode 'exakt'; choose 'exact' or 'fast'. Did you mean 'exact'?
    """
    known: tuple[Mode, ...] = get_args(Mode)
    for one in known:
        if one == mode:
            return one
    raise UsageError(f"There is no mode {mode!r}; choose 'exact' or 'fast'.{did_you_mean(str(mode), known)}")


def checked_embedder(embedder: object) -> str:
    """Return the setting; raise `UsageError` for what is no text, above all for None."""
    if isinstance(embedder, str):
        return embedder
    hint = " For no embeddings give the text 'none'." if embedder is None else ""
    raise UsageError(
        f"embedder is {embedder!r}; give 'auto', 'gist', 'efficientnet-lite0', 'none' or the path of an "
        f".onnx file as text.{hint}"
    )


def checked_threads(threads: int | None) -> int | None:
    """Return the number of threads; raise `UsageError` unless it is a whole number from 1 on, or None."""
    if threads is None or (_is_whole(threads) and threads >= 1):
        return None if threads is None else int(threads)
    raise UsageError(
        f"threads is {threads!r}; give a whole number, 1 or more, or None for as many as there are "
        "processors."
    )


def checked_seed(seed: int) -> int:
    """Return the seed; raise `UsageError` unless it is a whole number from 0 on.

    Examples
    --------
    >>> checked_seed(-1)
    Traceback (most recent call last):
    driftwheel.errors.UsageError: seed is -1; give a whole number, 0 or more.
    """
    if _is_whole(seed) and seed >= 0:
        return int(seed)
    raise UsageError(f"seed is {seed!r}; give a whole number, 0 or more.")


def checked_tags(by: object) -> tuple[str, ...]:
    """Return names of tags, of which a single text is one; raise `UsageError` for anything else.

    Examples
    --------
    >>> checked_tags("camera"), checked_tags(["camera", "site"])
    (('camera',), ('camera', 'site'))
    """
    names: tuple[Any, ...]
    names = (by,) if isinstance(by, str) or not isinstance(by, Iterable) else tuple(by)
    for name in names:
        if not isinstance(name, str) or not name:
            raise UsageError(
                f"by is {by!r}; give the name of a tag, or a list of names, for example ['camera']."
            )
    return names


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
