"""The body of a profile file, version 1: profiles as a map of plain values, and back with every check."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import IncomparableError, ProfileFormatError
from driftwheel.profiles.checked_fields import CheckedFields, signed
from driftwheel.profiles.embedding_moments import EmbeddingMoments
from driftwheel.profiles.packed_counts import pack_counts, unpack_counts
from driftwheel.profiles.profile import Profile, check_comparable
from driftwheel.profiles.profile_set import ProfileKey, ProfileSet
from driftwheel.profiles.projection import MOST_DIMENSIONS, Projection, projection_from
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.property_summary import PropertySummary
from driftwheel.profiles.window import WINDOWS
from driftwheel.records import Mode

__all__ = ["body_of", "set_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_BINS = 65_536
_MOST_WIDTH = 65_536
_SUMS = {"number": ("total", "total_of_squares"), "circular": ("total_cosine", "total_sine"), "category": ()}


def body_of(profiles: ProfileSet) -> dict[str, Any]:
    """Return the set as a map with sorted keys; equal sets give equal maps."""
    first = next(iter(profiles.profiles.values()))
    projection = profiles.projection
    return {
        "by": list(profiles.by),
        "embedder": first.embedder,
        "mode": first.mode,
        "profiles": [_profile(key, profile) for key, profile in profiles.profiles.items()],
        "projection": None if projection is None else _projection(projection),
        "properties": [_definition(summary.definition) for summary in first.properties],
        "window": profiles.window,
    }


def set_of(body: object) -> ProfileSet:
    """Return the set that `body_of` wrote; raise `ProfileFormatError` for anything else."""
    fields = CheckedFields(body, "the body")
    fields.close("by", "embedder", "mode", "profiles", "projection", "properties", "window")
    definitions = tuple(_read_definition(item) for item in fields.items("properties"))
    projection = fields.optional("projection", lambda name: _read_projection(fields.raw(name)))
    mode = fields.choice("mode", get_args(Mode))
    embedder = fields.optional("embedder", fields.text)
    by = fields.texts("by")
    window = fields.optional("window", lambda name: fields.choice(name, WINDOWS))
    profiles: dict[ProfileKey, Profile] = {}
    for item in fields.items("profiles"):
        one = CheckedFields(item, "a profile")
        key = _read_key(one, len(by))
        if key in profiles:
            raise ProfileFormatError("it holds two profiles of one window and segment")
        profiles[key] = _read_profile(one, mode, embedder, definitions, projection)
    if not profiles:
        raise ProfileFormatError("it holds no profile")
    first = next(iter(profiles.values()))
    try:
        for other in profiles.values():
            check_comparable(first, other)
    except IncomparableError as error:
        raise ProfileFormatError(f"its profiles do not fit together ({error})") from None
    return ProfileSet(profiles, window, by)


def _definition(definition: PropertyDefinition) -> dict[str, Any]:
    return {
        "bins": definition.bins,
        "categories": list(definition.categories),
        "high": definition.high,
        "kind": definition.kind,
        "low": definition.low,
        "name": definition.name,
        "scale": definition.scale,
        "title": definition.title,
        "unit": definition.unit,
    }


def _read_definition(value: object) -> PropertyDefinition:
    fields = CheckedFields(value, "a property's definition")
    fields.close("bins", "categories", "high", "kind", "low", "name", "scale", "title", "unit")
    name = fields.what = fields.text("name")
    definition = PropertyDefinition(
        name=name,
        title=fields.text("title"),
        unit=fields.text("unit"),
        kind=fields.choice("kind", ("number", "circular", "category")),
        low=fields.number("low"),
        high=fields.number("high"),
        bins=fields.whole("bins", low=1, high=_MOST_BINS),
        scale=fields.choice("scale", ("linear", "log")),
        categories=fields.texts("categories"),
    )
    if definition.kind == "category":
        if len(definition.categories) != definition.bins:
            raise fields.wrong("categories", "one a bin")
    elif not definition.low < definition.high or (definition.scale == "log" and definition.low <= 0):
        raise fields.wrong("low", "below 'high' and fit for the scale")
    elif not np.all(np.diff(definition.edges()) > 0):
        raise fields.wrong("bins", "few enough for the range")
    return definition


def _projection(projection: Projection) -> dict[str, Any]:
    return {
        "centre": projection.centre.astype("<f4").tobytes(),
        "dimensions": projection.matrix.shape[0],
        "id": projection.id,
        "matrix": np.ascontiguousarray(projection.matrix.astype("<f4")).tobytes(),
        "width": projection.matrix.shape[1],
    }


def _read_projection(value: object) -> Projection:
    fields = CheckedFields(value, "the projection")
    fields.close("centre", "dimensions", "id", "matrix", "width")
    width = fields.whole("width", low=1, high=_MOST_WIDTH)
    dimensions = fields.whole("dimensions", high=MOST_DIMENSIONS)
    matrix = fields.array("matrix", "<f4", dimensions * width).reshape(dimensions, width)
    projection = projection_from(fields.array("centre", "<f4", width), matrix)
    if projection.id != fields.text("id"):
        raise fields.wrong("id", "the hash of the projection")
    return projection


def _profile(key: ProfileKey, profile: Profile) -> dict[str, Any]:
    moments = profile.embeddings
    upper = None if moments is None else np.triu_indices(moments.dimensions)
    return {
        "embeddings": None
        if moments is None
        else {
            "count": moments.count,
            "dimensions": moments.dimensions,
            "mean": moments.mean.astype("<f8").tobytes(),
            "scatter": moments.scatter[upper].astype("<f8").tobytes(),
        },
        "first": _microseconds(profile.first),
        "last": _microseconds(profile.last),
        "n": profile.n,
        "segment": list(key.segment),
        "start": _microseconds(key.start),
        "summaries": [_summary(summary) for summary in profile.properties],
        "unreadable": dict(sorted(profile.unreadable.items())),
    }


def _read_key(fields: CheckedFields, tags: int) -> ProfileKey:
    segment = fields.texts("segment", or_none=True)
    if len(segment) != tags:
        raise fields.wrong("segment", f"a list of {tags} values")
    return ProfileKey(fields.optional("start", lambda name: _read_time(fields, name)), segment)


def _read_profile(
    fields: CheckedFields,
    mode: Mode,
    embedder: str | None,
    definitions: tuple[PropertyDefinition, ...],
    projection: Projection | None,
) -> Profile:
    fields.close("embeddings", "first", "last", "n", "segment", "start", "summaries", "unreadable")
    n = fields.whole("n")
    summaries = fields.items("summaries")
    if len(summaries) != len(definitions):
        raise fields.wrong("summaries", f"a list of {len(definitions)}")
    reasons = CheckedFields(fields.raw("unreadable"), "the unreadable images")
    first, last = (fields.optional(name, lambda name: _read_time(fields, name)) for name in ("first", "last"))
    if (first is None) != (last is None) or (first is not None and last is not None and first > last):
        raise fields.wrong("first", "at or before 'last'")
    moments = fields.optional("embeddings", lambda name: _read_moments(fields.raw(name), projection))
    if moments is not None and (embedder is None or moments.count > n):
        raise fields.wrong("embeddings", "of the images and the embedder of this file")
    return Profile(
        mode=mode,
        embedder=embedder,
        n=n,
        properties=tuple(map(_read_summary, summaries, definitions, [n] * len(definitions))),
        first=first,
        last=last,
        unreadable={reason: reasons.whole(reason, low=1) for reason in sorted(fields.raw("unreadable"))},
        embeddings=moments,
    )


def _read_moments(value: object, projection: Projection | None) -> EmbeddingMoments:
    fields = CheckedFields(value, "the embeddings")
    fields.close("count", "dimensions", "mean", "scatter")
    width = fields.whole("dimensions", high=MOST_DIMENSIONS)
    if projection is not None and width != projection.matrix.shape[0]:
        raise fields.wrong("dimensions", "that of the projection")
    scatter = np.zeros((width, width))
    upper = np.triu_indices(width)
    scatter[upper] = fields.array("scatter", "<f8", width * (width + 1) // 2)
    scatter.T[upper] = scatter[upper]
    if np.any(np.diag(scatter) < 0):
        raise fields.wrong("scatter", "a covariance")
    return EmbeddingMoments(fields.whole("count"), fields.array("mean", "<f8", width), scatter, projection)


def _summary(summary: PropertySummary) -> dict[str, Any]:
    fields: dict[str, Any] = {"counts": pack_counts(summary.counts), "missing": summary.missing}
    if summary.definition.kind == "number":
        fields["maximum"] = summary.maximum
        fields["minimum"] = summary.minimum
    for name in _SUMS[summary.definition.kind]:
        fields[name] = signed(getattr(summary, name))
    return dict(sorted(fields.items()))


def _read_summary(value: object, definition: PropertyDefinition, n: int) -> PropertySummary:
    fields = CheckedFields(value, f"the summary of '{definition.name}'")
    number = definition.kind == "number"
    fields.close("counts", "missing", *(("maximum", "minimum") if number else ()), *_SUMS[definition.kind])
    counts = _read_counts(fields, definition.bins)
    count = sum(map(int, counts))
    summary = PropertySummary(
        definition,
        count,
        fields.whole("missing"),
        counts,
        fields.number("minimum", finite=False) if number else math.nan,
        fields.number("maximum", finite=False) if number else math.nan,
        **{name: fields.big(name) for name in _SUMS[definition.kind]},
    )
    if count + summary.missing != n:
        raise fields.wrong("counts", f"counts of {n} images")
    if number and not (summary.minimum <= summary.maximum if count else math.isnan(summary.minimum)):
        raise fields.wrong("minimum", "at or below 'maximum'")
    if summary.total_of_squares * max(count, 1) < summary.total**2:
        raise fields.wrong("total_of_squares", "possible with 'total'")
    return summary


def _read_counts(fields: CheckedFields, bins: int) -> NDArray[np.int64]:
    try:
        return unpack_counts(fields.data("counts"), bins)
    except ValueError as error:
        raise fields.wrong("counts", f"a histogram ({error})") from None


def _microseconds(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)


def _read_time(fields: CheckedFields, name: str) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=fields.whole(name, low=-(2**63)))
    except OverflowError:
        raise fields.wrong(name, "a time in the years 1 to 9999") from None
