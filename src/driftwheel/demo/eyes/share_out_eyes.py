"""Share eyes out: a sharp and bright half to build a model on, a blurred and dark one that it meets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from driftwheel.demo.eyes.published_eyes import CLASSES, Eye
from driftwheel.errors import SourceError, UnreadableImageError
from driftwheel.images.properties import measure
from driftwheel.images.properties.table import PROPERTY_NAMES

__all__ = ["SharedOut", "clearness", "share_out_eyes"]

_MEASURED = ("sharpness", "brightness")
_OLD_SHARES = {"learnt": 0.56, "checked": 0.14, "old_test": 0.3}
_NEW_SHARES = {"production": 0.7, "new_test": 0.3}


@dataclass(frozen=True, slots=True)
class SharedOut:
    """Who sees what: no person is in two of these.

    Attributes
    ----------
    learnt, checked
        Of the sharp and bright half: what the model learns from, and what tells it to stop.
    old_test
        Others of that half, to measure on.
    production
        Of the blurred and dark half: what the model sees in production, and people are asked about.
    new_test
        Others of that half, to measure on: no annotator and no training ever sees them.
    """

    learnt: tuple[Eye, ...]
    checked: tuple[Eye, ...]
    old_test: tuple[Eye, ...]
    production: tuple[Eye, ...]
    new_test: tuple[Eye, ...]


def clearness(eyes: Sequence[Eye]) -> NDArray[np.float64]:
    """Return (n,) how sharp and bright each image is among those of its class, 0…1.

    It is the mean of its ranks by the properties `sharpness` and `brightness`. Ranks within the class, for
    closed eyes and open ones come from other photos: halves of all together would differ in what they show,
    and not only in how they look.

    Raises
    ------
    SourceError
        When an image cannot be read.
    """
    values = np.array([_measured(one) for one in eyes])
    labels = np.array([CLASSES.index(one.label) for one in eyes])
    found = np.zeros(len(eyes))
    for number in range(len(CLASSES)):
        own = labels == number
        ranks = rankdata(values[own], axis=0) - 0.5
        found[own] = ranks.mean(axis=1) / max(1, own.sum())
    return found


def share_out_eyes(eyes: Sequence[Eye], clear: NDArray[np.float64], seed: int) -> SharedOut:
    """Share people out by the mean `clear` of their eyes: of each class the clearer half is old, others new.

    Which half a person is in does not depend on `seed`; to which part of it they go does.
    """
    rng = np.random.default_rng(seed)
    parts: dict[str, list[Eye]] = defaultdict(list)
    for label in CLASSES:
        of: dict[str, list[int]] = defaultdict(list)
        for row, eye in enumerate(eyes):
            if eye.label == label:
                of[eye.person].append(row)
        people = sorted(of, key=lambda one: (float(np.mean(clear[of[one]])), one))
        middle = len(people) // 2
        for half, shares in ((people[middle:], _OLD_SHARES), (people[:middle], _NEW_SHARES)):
            shuffled = [half[i] for i in rng.permutation(len(half))]
            ends = np.rint(np.cumsum([0.0, *shares.values()]) * len(half)).astype(int)
            for name, begin, end in zip(shares, ends[:-1], ends[1:], strict=True):
                parts[name] += [eyes[row] for one in shuffled[begin:end] for row in of[one]]
    names = [one.name for one in fields(SharedOut)]
    return SharedOut(*(tuple(parts[one][i] for i in rng.permutation(len(parts[one]))) for one in names))


def _measured(eye: Eye) -> tuple[float, ...]:
    try:
        found = measure(eye.file.read_bytes())
    except OSError as error:
        raise SourceError(f"The image '{eye.file}' cannot be read: {error.strerror}.") from None
    except UnreadableImageError as error:
        raise SourceError(f"The image '{eye.file}' cannot be read: {error.reason}.") from None
    return tuple(float(found.values[PROPERTY_NAMES.index(one)]) for one in _MEASURED)
