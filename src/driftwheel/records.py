"""The values every layer speaks: images as they arrive, records of them, and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError, did_you_mean

__all__ = ["Evidence", "Image", "Mode", "Records", "Unreadable", "times_of"]

Mode = Literal["exact", "fast"]
"""`exact`: every property from the full decode. `fast`: reduced decode wherever a property allows it."""


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image as it arrives from a source, before it is decoded.

    Attributes
    ----------
    name
        What a person finds it by: the path inside its source, with ``/`` as separator.
    data
        The encoded file as bytes, or an array: (h, w) grey, (h, w, 3) **RGB** or (h, w, 4) RGBA; uint8,
        uint16, bool, or float in [0, 1].
    time
        Event time, timezone-aware UTC; None when unknown.
    tags
        For example ``{"camera": "2"}``.
    """

    name: str
    data: bytes | NDArray[Any]
    time: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Unreadable:
    """An image that could not be decoded, and why, in a phrase fit for counting.

    `time` and `tags` are those of the image, as far as known, so that it is counted in its window and
    segment; they take no part in comparisons.
    """

    image: str
    reason: str
    time: datetime | None = field(default=None, compare=False)
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """A table of measured images, one row an image, sorted by image name; no pixels.

    Attributes
    ----------
    images
        n names.
    properties
        (n, p) float32; NaN where a property is not defined for an image.
    property_names
        p names, in the order of the columns.
    embeddings
        (n, d) float32, or None when no embedder ran.
    embedder
        The identity of what made the embeddings, for example ``gist-1``; records of different embedders are
        never compared.
    mode
        How the properties were measured.
    times
        (n,) datetime64[us] in UTC with NaT where unknown, or None when no image has a time.
    tags
        Tag name → n values, None where an image lacks the tag.
    unreadable
        The images that could not be decoded, sorted; they have no row.
    scores
        (n, k) float32 softmax scores in [0, 1] of the monitored model, one column a class, or None when no
        model was asked. A row of NaN: the model gave none for that image.
    classes
        The k names of the columns of `scores`; empty without scores. Records with different classes are never
        compared.
    """

    images: tuple[str, ...]
    properties: NDArray[np.float32]
    property_names: tuple[str, ...]
    embeddings: NDArray[np.float32] | None = None
    embedder: str | None = None
    mode: Mode = "exact"
    times: NDArray[np.datetime64] | None = None
    tags: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    scores: NDArray[np.float32] | None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def column(self, name: str) -> NDArray[np.float32]:
        """Return the (n,) values of one property; raise `UsageError` for an unknown name."""
        try:
            return self.properties[:, self.property_names.index(name)]
        except ValueError:
            hint = did_you_mean(name, self.property_names)
            raise UsageError(f"There is no property '{name}' in these records.{hint}") from None

    def between(self, start: datetime, end: datetime) -> NDArray[np.bool_]:
        """Return the (n,) records with start ≤ time < end; none where times are not known."""
        if self.times is None:
            return np.zeros(len(self), bool)
        first, last = (np.datetime64(_naive(one), "us") for one in (start, end))
        return np.asarray((self.times >= first) & (self.times < last))

    def take(self, rows: NDArray[np.intp] | Sequence[int]) -> Records:
        """Return the records of these rows, in that order (repeats allowed); `unreadable` is kept."""
        index = np.asarray(rows, dtype=np.intp)
        return replace(
            self,
            images=tuple(self.images[i] for i in index),
            properties=self.properties[index],
            embeddings=None if self.embeddings is None else self.embeddings[index],
            times=None if self.times is None else self.times[index],
            tags={name: tuple(values[i] for i in index) for name, values in self.tags.items()},
            scores=None if self.scores is None else self.scores[index],
        )


def times_of(moments: Sequence[datetime | None]) -> NDArray[np.datetime64] | None:
    """Return timezone-aware moments as `Records.times` holds them; None where none is known.

    Examples
    --------
    >>> from datetime import UTC
    >>> times_of([datetime(2026, 3, 4, 5, tzinfo=UTC), None])
    array(['2026-03-04T05:00:00.000000',                        'NaT'],
          dtype='datetime64[us]')
    """
    if all(moment is None for moment in moments):
        return None
    return np.array([None if one is None else _naive(one) for one in moments], "datetime64[us]")


def _naive(moment: datetime) -> datetime:
    """Return a moment in UTC without saying so, as numpy takes it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one drift test found on one property, embedding or prediction.

    Attributes
    ----------
    test
        The file that holds it, for example ``kolmogorov_smirnov``.
    statistic
        The test's own number, in the unit its function's docstring states.
    p_value
        In [0, 1]; None for a measure without a p-value of its own (PSI, Wasserstein).
    effect
        How large the change is, in the unit the function's docstring states; None when the test has no
        effect size.
    n_reference, n_current
        Sample sizes used, after removal of undefined values.
    threshold, drifted
        Filled in by the verdict: the effect above which it would alarm, and whether it does.
    """

    test: str
    statistic: float
    p_value: float | None
    effect: float | None
    n_reference: int
    n_current: int
    threshold: float | None = None
    drifted: bool | None = None
