"""The truths of a reference: which class each of its images shows, by its folder, a table, or in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.sources.items import position_name
from driftwheel.sources.truth_table import TruthTable, read_truth_table

__all__ = ["NOT_KNOWN", "NO_CLASS", "Truth", "Truths", "read_truth", "true_columns"]

Truth = str | PathLike[str] | Mapping[str, str | int] | Sequence[str | int]
"""``auto``, ``folders``, ``none``, the path of a table, or in Python classes by name or position of image."""

Truths = TruthTable | str
"""A table, or one of ``auto``, ``folders`` and ``none``."""

NO_CLASS, NOT_KNOWN = -1, -2
"""Columns that stand for a class that the model does not know, and for an image whose truth is not known."""

_PLACES = ("auto", "folders", "none")


def read_truth(truth: Truth) -> Truths:
    """Return the truths that a person gives, read but not yet held against images.

    Parameters
    ----------
    truth
        ``folders``: the folder that an image lies in is its class. ``auto``: the same where folders are
        called as at least two of the model's classes, else nothing is known. ``none``: nothing is known. Any
        other text or path is that of a table, see `driftwheel.sources.truth_table.read_truth_table`. In
        Python also a mapping from names of images to classes, or a sequence with a class for each image that
        has no name, in the order given.

    Raises
    ------
    UsageError
        When a table cannot be read.
    """
    if isinstance(truth, str | PathLike):
        place = fspath(truth)
        return place if place in _PLACES else read_truth_table(place)
    if isinstance(truth, Mapping):
        return TruthTable("the mapping", {str(name): str(one) for name, one in truth.items()})
    return TruthTable("the sequence", {position_name(i): str(one) for i, one in enumerate(truth)})


def true_columns(truth: Truths, images: Sequence[str], classes: Sequence[str]) -> NDArray[np.intp] | None:
    """Return for each image the column of its true class; None where no truth is known.

    −1 stands for a class that the model does not know, −2 for an image whose truth is not known. Where the
    model's classes are no numbers, a number is the column itself.

    Raises
    ------
    UsageError
        When truths were given, and fit none of the images or none of the classes.

    Examples
    --------
    >>> true_columns("auto", ["cat/1.jpg", "dog/old/2.jpg", "3.jpg"], ["cat", "dog"]).tolist()
    [0, 1, -2]
    >>> true_columns("folders", ["cat/1.jpg", "cow/2.jpg"], ["cat", "dog"]).tolist()
    [0, -1]
    """
    if truth == "none":
        return None
    column = {name: i for i, name in enumerate(classes)}
    if truth == "auto":
        found = np.array([_by_any_folder(name, column) for name in images], np.intp)
        return found if len(set(found.tolist()) - {NOT_KNOWN}) > 1 else None
    said = [_by_folder(name) if isinstance(truth, str) else truth.class_of(name) for name in images]
    found = np.array([_column(one, column) for one in said], np.intp)
    known = sorted({one for one in said if one})
    place = "the folders" if isinstance(truth, str) else truth.place
    if not known:
        named = "" if isinstance(truth, str) else f" It names '{next(iter(truth.rows), '')}', for example."
        raise UsageError(
            f"No image of the reference has its truth in {place}; one is called '{images[0]}'.{named}"
            if images
            else "The reference has no images to know the truths of."
        )
    if not (found >= 0).any():
        raise UsageError(
            f"The truths in {place} are {_shown(known)}, the model's classes {_shown(classes)}: no truth is "
            "one of them. Name the classes as the truths are named, in the order of the model's outputs "
            "(--classes)."
        )
    return found


def _by_any_folder(image: str, column: Mapping[str, int]) -> int:
    """Return the column that the nearest folder is called by that is called as a class."""
    folders = image.split("/")[:-1]
    return next((column[one] for one in reversed(folders) if one in column), NOT_KNOWN)


def _by_folder(image: str) -> str | None:
    return image.rpartition("/")[0].rpartition("/")[2] or None


def _column(said: str | None, column: Mapping[str, int]) -> int:
    if not said:
        return NOT_KNOWN
    if said in column:
        return column[said]
    numbered = said.isdecimal() and not any(name.isdecimal() for name in column)
    return int(said) if numbered and int(said) < len(column) else NO_CLASS


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
