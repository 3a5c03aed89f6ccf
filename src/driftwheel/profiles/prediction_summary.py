"""The summary of what a model said over many records: classes, confidence, latency, errors; it merges.

Merge law: every number in it is a count or an exact sum, and they add; the summary of no records is the empty
element. Of more than `MOST_CLASSES` classes those are kept whose names have the lowest SHA-256: a choice that
every part makes alike, so that the counts that are kept are exact, and merging is associative and commutative
however the records were split.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgpack
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import ProfileFormatError
from driftwheel.predictions import Task
from driftwheel.profiles.checked_fields import CheckedFields, signed
from driftwheel.profiles.exact_sum import UNITS, exact_sums
from driftwheel.profiles.packed_counts import pack_counts, unpack_counts

__all__ = [
    "LATENCY_ERROR",
    "MOST_CLASSES",
    "ClassCounts",
    "PredictionSummary",
    "class_counts",
    "latency_quantile",
    "mean_confidence",
    "merge_predictions",
    "predictions_from_bytes",
    "predictions_to_bytes",
    "summarise_predictions",
]

MOST_CLASSES = 1000
"""Classes, and tags, that are counted each for itself."""

_CONFIDENCES = 100
_PER_DECADE = 64
_FASTEST, _DECADES = 1e-5, 8  # seconds; 10 µs … 1000 s
_LATENCIES = _PER_DECADE * _DECADES

LATENCY_ERROR = 10 ** (0.5 / _PER_DECADE) - 1
"""A quantile of latency errs by at most this share of itself (1.8 %) between 10 µs and 1000 s."""

_VERSION = 1
_FIELDS = ("records", "images", "errors", "predictions")
_COUNTED = ("classes", "boxes", "tagged")


def _no_counts(bins: int) -> NDArray[np.int64]:
    return np.zeros(bins, np.int64)


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """How often each name came.

    Attributes
    ----------
    each
        Name → count above 0, of at most `MOST_CLASSES` names.
    rest
        Of all others together.
    """

    each: Mapping[str, int] = field(default_factory=dict)
    rest: int = 0

    @property
    def total(self) -> int:
        """Of all names."""
        return sum(self.each.values()) + self.rest


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSummary:
    """What was told of many records, whatever became of their images.

    Attributes
    ----------
    records
        All of them.
    images
        Those whose image was measured or rejected, which the profile counts too.
    errors
        Those for which the client logged an error.
    predictions
        Those with a prediction.
    classes
        Predictions of a class, by class.
    boxes
        Boxes that were found, by class.
    tagged
        Records that have a tag, by the tag's name.
    confidence
        (100,) histogram over 0…1 of the score of the named class, or of each box, where it was given.
    confidence_total
        Exact sum of these scores as float32, in units of 2⁻¹⁴⁹.
    latency
        (512,) histogram of the latencies that were given, 64 bins a decade from 10 µs to 1000 s.
    """

    records: int = 0
    images: int = 0
    errors: int = 0
    predictions: int = 0
    classes: ClassCounts = ClassCounts()
    boxes: ClassCounts = ClassCounts()
    tagged: ClassCounts = ClassCounts()
    confidence: NDArray[np.int64] = field(default_factory=lambda: _no_counts(_CONFIDENCES))
    confidence_total: int = 0
    latency: NDArray[np.int64] = field(default_factory=lambda: _no_counts(_LATENCIES))

    @property
    def scores(self) -> int:
        """How many scores were given."""
        return int(self.confidence.sum())

    @property
    def latencies(self) -> int:
        """How many latencies were given."""
        return int(self.latency.sum())

    def missing(self, tag: str) -> int:
        """Return how many records lack a tag."""
        return self.records - self.tagged.each.get(tag, 0)


def summarise_predictions(
    *,
    records: int,
    images: int = 0,
    errors: int = 0,
    predictions: int = 0,
    classes: Iterable[str] = (),
    boxes: Iterable[str] = (),
    tags: Iterable[str] = (),
    scores: Sequence[float] = (),
    latencies: Sequence[float] = (),
) -> PredictionSummary:
    """Return the summary of some records.

    Parameters
    ----------
    records, images, errors, predictions
        Counts, as in `PredictionSummary`.
    classes, boxes
        The class of each prediction, and of each box.
    tags
        The names of the tags of each record, one after the other.
    scores
        Of named classes or boxes, 0…1.
    latencies
        In seconds, 0 or more.

    Examples
    --------
    >>> two = summarise_predictions(records=2, predictions=2, classes=["cat", "dog"], scores=[0.9, 0.6])
    >>> two.classes.each, round(mean_confidence(two), 3)
    ({'cat': 1, 'dog': 1}, 0.75)
    """
    given = np.asarray(scores, np.float32).reshape(-1)
    places = np.minimum((given.astype(np.float64) * _CONFIDENCES).astype(np.intp), _CONFIDENCES - 1)
    with np.errstate(divide="ignore"):
        decades = np.log10(np.asarray(latencies, np.float64).reshape(-1) / _FASTEST)
    bins = np.clip(np.floor(decades * _PER_DECADE), 0, _LATENCIES - 1).astype(np.intp)
    return PredictionSummary(
        records,
        images,
        errors,
        predictions,
        _kept(Counter(classes), 0),
        _kept(Counter(boxes), 0),
        _kept(Counter(tags), 0),
        np.bincount(places, minlength=_CONFIDENCES).astype(np.int64),
        exact_sums(given[:, None])[0],
        np.bincount(bins, minlength=_LATENCIES).astype(np.int64),
    )


def merge_predictions(parts: Iterable[PredictionSummary]) -> PredictionSummary:
    """Return the summary of the records of all parts; of none the empty one."""
    whole = PredictionSummary()
    for part in parts:
        whole = PredictionSummary(
            whole.records + part.records,
            whole.images + part.images,
            whole.errors + part.errors,
            whole.predictions + part.predictions,
            _together(whole.classes, part.classes),
            _together(whole.boxes, part.boxes),
            _together(whole.tagged, part.tagged),
            whole.confidence + part.confidence,
            whole.confidence_total + part.confidence_total,
            whole.latency + part.latency,
        )
    return whole


def class_counts(summary: PredictionSummary, task: Task) -> dict[str, int]:
    """Return predictions by class, of a detection boxes by class; what is not counted by name is "".

    Examples
    --------
    >>> summary = summarise_predictions(records=3, predictions=3, classes=["a", "b", "a"])
    >>> class_counts(summary, "classification")
    {'a': 2, 'b': 1}
    """
    mine = summary.classes if task == "classification" else summary.boxes
    return dict(mine.each) | ({"": mine.rest} if mine.rest else {})


def mean_confidence(summary: PredictionSummary) -> float:
    """Return the mean of the scores, correctly rounded; NaN where none was given."""
    return summary.confidence_total / (summary.scores * UNITS) if summary.scores else math.nan


def latency_quantile(summary: PredictionSummary, q: float) -> float:
    """Return the least latency, in seconds, that a share of `q` does not exceed; NaN where none was given.

    It errs by at most `LATENCY_ERROR` of itself; beyond 10 µs…1000 s it is the nearer of these.

    Examples
    --------
    >>> summary = summarise_predictions(records=100, latencies=[0.1] * 94 + [2.0] * 6)
    >>> abs(latency_quantile(summary, 0.95) / 2.0 - 1) <= LATENCY_ERROR
    True
    """
    n = summary.latencies
    if n == 0:
        return math.nan
    rank = max(1, math.ceil(q * n - 1e-9))
    place = int(np.searchsorted(np.cumsum(summary.latency), rank))
    return float(_FASTEST * 10.0 ** ((place + 0.5) / _PER_DECADE))


def predictions_to_bytes(summary: PredictionSummary) -> bytes:
    """Return the summary as bytes; equal summaries give equal bytes."""
    body = {
        "version": _VERSION,
        **{name: getattr(summary, name) for name in _FIELDS},
        **{name: _packed(getattr(summary, name)) for name in _COUNTED},
        "confidence": pack_counts(summary.confidence),
        "confidence_total": signed(summary.confidence_total),
        "latency": pack_counts(summary.latency),
    }
    packed: bytes = msgpack.packb(body, use_bin_type=True, unicode_errors="surrogatepass")
    return packed


def predictions_from_bytes(data: bytes) -> PredictionSummary:
    """Return the summary that `predictions_to_bytes` wrote.

    Raises
    ------
    ProfileFormatError
        For bytes that are none, or that a later release wrote.
    """
    try:
        body = msgpack.unpackb(data, raw=False, strict_map_key=True, unicode_errors="surrogatepass")
    except (ValueError, msgpack.UnpackException) as error:
        raise ProfileFormatError(f"a summary of predictions is damaged ({error})") from None
    fields = CheckedFields(body, "a summary of predictions")
    version = fields.whole("version", low=1)
    if version != _VERSION:
        raise ProfileFormatError(
            f"a summary of predictions is of version {version}, this release reads {_VERSION}. Upgrade with: "
            "pip install --upgrade driftwheel"
        )
    fields.close("version", *_FIELDS, *_COUNTED, "confidence", "confidence_total", "latency")
    return PredictionSummary(
        fields.whole("records"),
        fields.whole("images"),
        fields.whole("errors"),
        fields.whole("predictions"),
        _unpacked(fields, "classes"),
        _unpacked(fields, "boxes"),
        _unpacked(fields, "tagged"),
        confidence=_histogram(fields, "confidence", _CONFIDENCES),
        confidence_total=fields.big("confidence_total"),
        latency=_histogram(fields, "latency", _LATENCIES),
    )


def _together(one: ClassCounts, other: ClassCounts) -> ClassCounts:
    if not other.each and not other.rest:
        return one
    return _kept(Counter(one.each) + Counter(other.each), one.rest + other.rest)


def _kept(counts: Counter[str], rest: int) -> ClassCounts:
    if len(counts) <= MOST_CLASSES:
        return ClassCounts({name: counts[name] for name in sorted(counts)}, rest)
    kept = sorted(sorted(counts, key=_draw)[:MOST_CLASSES])
    each = {name: counts[name] for name in kept}
    return ClassCounts(each, rest + counts.total() - sum(each.values()))


def _draw(name: str) -> bytes:
    return hashlib.sha256(name.encode(errors="surrogatepass")).digest()


def _packed(counts: ClassCounts) -> list[object]:
    return [counts.rest, list(counts.each), list(counts.each.values())]


def _unpacked(fields: CheckedFields, name: str) -> ClassCounts:
    match fields.items(name):
        case [int(rest), list(names), list(counts)] if len(names) == len(counts) <= MOST_CLASSES:
            sound = all(isinstance(one, str) for one in names) and names == sorted(set(names))
            if sound and all(isinstance(n, int) and n > 0 for n in counts) and rest >= 0:
                return ClassCounts(dict(zip(names, counts, strict=True)), rest)
    raise fields.wrong(name, "counts by name")


def _histogram(fields: CheckedFields, name: str, bins: int) -> NDArray[np.int64]:
    try:
        return unpack_counts(fields.data(name), bins)
    except ValueError as error:
        raise ProfileFormatError(f"a summary of predictions is damaged ({error})") from None
