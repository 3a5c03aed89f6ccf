"""The profile: everything Driftwheel keeps of many images once their pixels are gone, in a form that merges.

Merge law: counts, histograms, range, exact sums, times and unreadable counts merge exactly, in any order and
any partition; embedding moments to 1e-9. `empty_profile` is the empty element among profiles made the same
way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import IncomparableError, UsageError, did_you_mean
from driftwheel.profiles.embedding_moments import (
    EmbeddingMoments,
    check_same_projection,
    merge_moments,
    moments_of,
    project_moments,
)
from driftwheel.profiles.projection import Projection
from driftwheel.profiles.property_definition import PropertyDefinition, current_definitions
from driftwheel.profiles.property_summary import (
    PropertySummary,
    check_same_definition,
    empty_summary,
    merge_summaries,
    summarise,
)
from driftwheel.records import Mode, Records

__all__ = [
    "Profile",
    "check_comparable",
    "check_same_making",
    "empty_profile",
    "merge",
    "profile_records",
    "project_profile",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A summary of images without any pixel in it.

    Attributes
    ----------
    mode
        How the properties were measured; `exact` and `fast` are never compared.
    embedder
        The identity of what made the embeddings, None when none ran; two embedders are never compared.
    n
        Images measured; unreadable ones are not among them.
    first, last
        The earliest and latest event time in UTC, to the microsecond; None when no image has a time.
    unreadable
        Reason → number of images that could not be decoded, sorted by reason.
    properties
        One summary a property, in the order of the property table.
    embeddings
        None when no embedder ran.
    """

    mode: Mode
    embedder: str | None
    n: int
    properties: tuple[PropertySummary, ...]
    first: datetime | None = None
    last: datetime | None = None
    unreadable: Mapping[str, int] = field(default_factory=dict)
    embeddings: EmbeddingMoments | None = None

    def property_named(self, name: str) -> PropertySummary:
        """Return the summary of one property; raise `UsageError` for an unknown name."""
        for summary in self.properties:
            if summary.name == name:
                return summary
        hint = did_you_mean(name, (summary.name for summary in self.properties))
        raise UsageError(f"There is no property '{name}' in this profile.{hint}")


def empty_profile(
    *,
    mode: Mode = "exact",
    embedder: str | None = None,
    definitions: Sequence[PropertyDefinition] | None = None,
) -> Profile:
    """Return the profile of no images: the empty element of `merge` among profiles made the same way."""
    known = current_definitions() if definitions is None else definitions
    return Profile(mode, embedder, 0, tuple(empty_summary(definition) for definition in known))


def profile_records(
    records: Records,
    *,
    projection: Projection | None = None,
    definitions: Sequence[PropertyDefinition] | None = None,
) -> Profile:
    """Summarise records.

    Parameters
    ----------
    records
        Any number of them; unreadable images are counted by reason.
    projection
        The reference's projection of embeddings. Without one the moments keep the embedder's own dimensions,
        until `project_profile` or saving reduces them.
    definitions
        The properties and their bins; by default those of this release's table that the records hold.
    """
    if definitions is None:
        definitions = [d for d in current_definitions() if d.name in records.property_names]
    columns = [records.property_names.index(d.name) for d in definitions]
    first, last = _time_range(records.times)
    reasons = Counter(unreadable.reason for unreadable in records.unreadable)
    moments = None
    if records.embeddings is not None and len(records) > 0:
        moments = moments_of(records.embeddings, projection)
    return Profile(
        mode=records.mode,
        embedder=records.embedder,
        n=len(records),
        properties=summarise(definitions, records.properties[:, columns]),
        first=first,
        last=last,
        unreadable=dict(sorted(reasons.items())),
        embeddings=moments,
    )


def merge(profiles: Iterable[Profile]) -> Profile:
    """Return the profile of the images of all; associative and commutative, `empty_profile` changes nothing.

    Raises
    ------
    UsageError
        Without any profile: what the empty one would be is not known.
    IncomparableError
        When two were made with different modes, embedders, projections or property tables.
    """
    parts = list(profiles)
    if not parts:
        raise UsageError("There is no profile to merge; give at least one.")
    return reduce(_merge_two, parts)


def project_profile(profile: Profile, projection: Projection) -> Profile:
    """Return the profile with its embedding moments projected, as if every embedding had been."""
    if profile.embeddings is None:
        return profile
    return replace(profile, embeddings=project_moments(profile.embeddings, projection))


def check_same_making(one: Profile, other: Profile) -> None:
    """Raise `IncomparableError` unless mode, embedder and projection agree, whatever the properties are."""
    for what, mine, theirs in (
        ("mode", one.mode, other.mode),
        ("embedder", one.embedder or "none", other.embedder or "none"),
    ):
        if mine != theirs:
            raise IncomparableError(
                f"The profiles were made with a different {what} ('{mine}' and '{theirs}'). "
                f"Profile the images again with the same {what}."
            )
    if one.embeddings is not None and other.embeddings is not None:
        check_same_projection(one.embeddings, other.embeddings)


def check_comparable(one: Profile, other: Profile) -> None:
    """Raise `IncomparableError`, saying what to do, unless both profiles were made the same way."""
    check_same_making(one, other)
    names, others = ([s.name for s in profile.properties] for profile in (one, other))
    if names != others:
        differing = sorted(set(names) ^ set(others)) or ["their order"]
        raise IncomparableError(
            f"The profiles hold different properties ({', '.join(differing)}). "
            "Profile the images again with one release of Driftwheel."
        )
    for summary, another in zip(one.properties, other.properties, strict=True):
        check_same_definition(summary, another)


def _merge_two(one: Profile, other: Profile) -> Profile:
    check_comparable(one, other)
    if one.embeddings is None or other.embeddings is None:
        embeddings = one.embeddings or other.embeddings
    else:
        embeddings = merge_moments(one.embeddings, other.embeddings)
    reasons = Counter(one.unreadable) + Counter(other.unreadable)
    return Profile(
        mode=one.mode,
        embedder=one.embedder,
        n=one.n + other.n,
        properties=tuple(map(merge_summaries, one.properties, other.properties)),
        first=min((t for t in (one.first, other.first) if t is not None), default=None),
        last=max((t for t in (one.last, other.last) if t is not None), default=None),
        unreadable=dict(sorted(reasons.items())),
        embeddings=embeddings,
    )


def _time_range(times: NDArray[np.datetime64] | None) -> tuple[datetime | None, datetime | None]:
    known = np.empty(0, "datetime64[us]") if times is None else times[~np.isnat(times)]
    if len(known) == 0:
        return None, None
    microseconds = known.astype("datetime64[us]").astype(np.int64)
    earliest, latest = int(microseconds.min()), int(microseconds.max())
    return _EPOCH + timedelta(microseconds=earliest), _EPOCH + timedelta(microseconds=latest)
