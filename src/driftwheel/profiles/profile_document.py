"""A profile set as plain dicts, lists, numbers and None, for JSON."""

from __future__ import annotations

import math
from typing import Any

from driftwheel.profiles.profile import Profile
from driftwheel.profiles.profile_set import ProfileKey, ProfileSet
from driftwheel.profiles.property_summary import PropertySummary, mean, standard_deviation
from driftwheel.profiles.quantile import quantile

__all__ = ["profile_document"]

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def profile_document(profiles: ProfileSet) -> dict[str, Any]:
    """Return what `driftwheel show --json` prints; undefined numbers are None, embeddings only counted.

    Examples
    --------
    >>> from driftwheel.profiles import empty_profile, single
    >>> profile_document(single(empty_profile(definitions=())))["profiles"][0]["n"]
    0
    """
    first = next(iter(profiles.profiles.values()))
    projection = profiles.projection
    return {
        "mode": first.mode,
        "embedder": first.embedder,
        "projection": None if projection is None else projection.id,
        "window": profiles.window,
        "by": list(profiles.by),
        "profiles": [_profile(profiles, key, profile) for key, profile in profiles.profiles.items()],
    }


def _profile(profiles: ProfileSet, key: ProfileKey, profile: Profile) -> dict[str, Any]:
    moments = profile.embeddings
    return {
        "start": None if key.start is None else key.start.isoformat(),
        "segment": dict(zip(profiles.by, key.segment, strict=True)),
        "n": profile.n,
        "first": None if profile.first is None else profile.first.isoformat(),
        "last": None if profile.last is None else profile.last.isoformat(),
        "unreadable": dict(profile.unreadable),
        "embeddings": None if moments is None else {"count": moments.count, "dimensions": moments.dimensions},
        "properties": [_property(summary) for summary in profile.properties],
    }


def _property(summary: PropertySummary) -> dict[str, Any]:
    definition = summary.definition
    document: dict[str, Any] = {
        "name": definition.name,
        "title": definition.title,
        "unit": definition.unit,
        "kind": definition.kind,
        "count": summary.count,
        "missing": summary.missing,
    }
    if definition.kind == "category":
        counts = zip(definition.categories, summary.counts, strict=True)
        return document | {"counts": {name: int(count) for name, count in counts}}
    document |= {"mean": _number(mean(summary)), "standard_deviation": _number(standard_deviation(summary))}
    if definition.kind == "number":
        document |= {
            "minimum": _number(summary.minimum),
            "maximum": _number(summary.maximum),
            "quantiles": [
                {"share": q.share, "value": _number(q.value), "error_bound": _number(q.error_bound)}
                for q in (quantile(summary, share) for share in _SHARES)
            ],
        }
    return document | {
        "histogram": {
            "low": definition.low,
            "high": definition.high,
            "scale": definition.scale,
            "counts": [int(count) for count in summary.counts],
        }
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
