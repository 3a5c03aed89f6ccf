"""Names of a model's classes: given, from a text file, or told by the model's own file."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from driftwheel.errors import UsageError
from driftwheel.learning.onnx_signature import CLASSES_KEY

__all__ = ["class_names", "read_class_names"]

_KEYS = (CLASSES_KEY, "names")  # the second is what Ultralytics' export writes
_MOST_BYTES = 1 << 20


def read_class_names(path: Path) -> tuple[str, ...]:
    """Return the names in a UTF-8 text file, one a line; empty lines at its end do not count.

    Raises
    ------
    UsageError
        When there is no such file, or it is no text.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(_MOST_BYTES).decode("utf-8-sig").rstrip().splitlines()
    except OSError as error:
        raise UsageError(f"The class names in {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(
            f"The class names in {path} are no text in UTF-8. Give a text file with one name a line, in the "
            "order of the model's outputs."
        ) from None
    return tuple(line.strip() for line in lines)


def class_names(count: int, given: Sequence[str] | None, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of a model's classes.

    Those that are given, else those of the file's metadata: ``driftwheel.classes`` (a JSON list, or text
    between commas) or ``names`` (a list, or numbers from 0 with names, as JSON or Python writes them);
    else the numbers from 0 on.

    Parameters
    ----------
    count
        How many classes the model tells apart.

    Raises
    ------
    UsageError
        When there are more or fewer names, or one stands for two classes.

    Examples
    --------
    >>> class_names(2, None, {"names": "{0: 'cat', 1: 'dog'}"}), class_names(3, None, {})
    (('cat', 'dog'), ('0', '1', '2'))
    >>> class_names(3, ["cat", "dog"], {})
    Traceback (most recent call last):
    driftwheel.errors.UsageError: It tells 3 classes apart, but 2 names were given (cat, dog)...
    """
    names, source = (None if given is None else tuple(given)), "were given"
    if names is None:
        for key in _KEYS:
            if key in metadata:
                names, source = _parsed(metadata[key]), f"stand in its metadata key {key}"
                break
    if names is None:
        return tuple(str(number) for number in range(count))
    if len(names) != count:
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise UsageError(
            f"It tells {count} classes apart, but {len(names)} names {source} ({shown}). Give one name for "
            "each, in the order of its outputs."
        )
    if "" in names:
        raise UsageError(f"The name of class {names.index('')} is empty. Give one name for each class.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"The name '{twice}' stands for more than one class. Give each class its own.")
    return names


def _parsed(text: str) -> tuple[str, ...]:
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None
    if isinstance(value, Mapping):
        try:
            value = [value[key] for key in sorted(value, key=int)]
        except (TypeError, ValueError):
            value = None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(one) for one in value)
    return tuple(part.strip() for part in text.split(","))
