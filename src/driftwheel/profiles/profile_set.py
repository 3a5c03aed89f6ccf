"""Several profiles made the same way, one a window and segment: what a profile file holds.

Merge law: profiles of the same window and segment merge, the others stand side by side; a set of one empty
profile is the empty element.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from driftwheel.errors import IncomparableError, UsageError, did_you_mean
from driftwheel.profiles.profile import Profile, check_comparable, merge, project_profile
from driftwheel.profiles.projection import MOST_DIMENSIONS, Projection, fit_projection
from driftwheel.profiles.window import WINDOWS, Window, window_of

__all__ = ["ProfileKey", "ProfileSet", "merge_sets", "reduce_embeddings", "regroup", "single"]


@dataclass(frozen=True, slots=True)
class ProfileKey:
    """Which records a profile sums up.

    `start` is the window's in UTC, None for records without a time or a set without windows; `segment` has
    one value a tag that the set is split by, None where the records lack it.
    """

    start: datetime | None = None
    segment: tuple[str | None, ...] = ()

    def sort_key(self) -> tuple[bool, float, tuple[tuple[bool, str], ...]]:
        """Return what keys are sorted by: time, then segment, the unknown last."""
        return (
            self.start is None,
            0.0 if self.start is None else self.start.timestamp(),
            tuple((value is None, value or "") for value in self.segment),
        )


@dataclass(frozen=True, slots=True, eq=False)
class ProfileSet:
    """Profiles by window and segment, all with the same mode, embedder, projection and property table.

    Attributes
    ----------
    profiles
        At least one, sorted by key.
    window
        How long a window is; None when records are not split by time.
    by
        The tags that records are split by.
    """

    profiles: Mapping[ProfileKey, Profile]
    window: Window | None = None
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.profiles:
            raise UsageError(
                "A profile set holds at least one profile; use empty_profile() for that of no images."
            )
        ordered = sorted(self.profiles, key=ProfileKey.sort_key)
        object.__setattr__(self, "profiles", {key: self.profiles[key] for key in ordered})

    def __len__(self) -> int:
        return len(self.profiles)

    def whole(self) -> Profile:
        """Return the profile of all windows and segments together."""
        return merge(self.profiles.values())

    @property
    def projection(self) -> Projection | None:
        """The projection of the embeddings, None when there is none."""
        known = (p.embeddings.projection for p in self.profiles.values() if p.embeddings is not None)
        return next((projection for projection in known if projection is not None), None)


def single(profile: Profile) -> ProfileSet:
    """Return the set of one profile, split neither by time nor by tag."""
    return ProfileSet({ProfileKey(): profile})


def merge_sets(sets: Iterable[ProfileSet]) -> ProfileSet:
    """Merge sets; associative and commutative.

    Raises
    ------
    UsageError
        Without any set.
    IncomparableError
        When two were split differently or made differently.
    """
    parts = list(sets)
    if not parts:
        raise UsageError("There is no profile to merge; give at least one.")
    first = parts[0]
    for other in parts[1:]:
        if (other.window, other.by) != (first.window, first.by):
            raise IncomparableError(
                f"The profiles are split differently ({_split(first)}, and {_split(other)}). "
                "Bring them to one split first with --window and --by, or to a single profile with --whole."
            )
    gathered: dict[ProfileKey, list[Profile]] = {}
    for part in parts:
        for key, profile in part.profiles.items():
            gathered.setdefault(key, []).append(profile)
    for profiles in gathered.values():
        check_comparable(next(iter(first.profiles.values())), profiles[-1])
    return ProfileSet({key: merge(profiles) for key, profiles in gathered.items()}, first.window, first.by)


def regroup(profiles: ProfileSet, *, window: Window | None, by: Sequence[str]) -> ProfileSet:
    """Return a coarser split of the same records: hours to days to weeks to all time, and fewer tags.

    Raises
    ------
    IncomparableError
        When a finer split than that of `profiles` is asked for: what is merged cannot be taken apart.
    UsageError
        For a tag that `profiles` is not split by.
    """
    for tag in by:
        if tag not in profiles.by:
            known = ", ".join(profiles.by) or "none"
            raise UsageError(
                f"These profiles are not split by '{tag}' (but by: {known}).{did_you_mean(tag, profiles.by)} "
                "Profile the images again with --by."
            )
    finer = window is not None and (
        profiles.window is None or WINDOWS.index(window) < WINDOWS.index(profiles.window)
    )
    if finer:
        raise IncomparableError(
            f"Profiles of {_split(profiles)} cannot be split into windows of one {window}. "
            f"Profile the images again with --window {window}."
        )
    columns = [profiles.by.index(tag) for tag in by]
    gathered: dict[ProfileKey, list[Profile]] = {}
    for key, profile in profiles.profiles.items():
        start = None if window is None or key.start is None else window_of(key.start, window)
        regrouped = ProfileKey(start, tuple(key.segment[column] for column in columns))
        gathered.setdefault(regrouped, []).append(profile)
    return ProfileSet({key: merge(parts) for key, parts in gathered.items()}, window, tuple(by))


def reduce_embeddings(profiles: ProfileSet) -> ProfileSet:
    """Return the set with embeddings in at most 128 dimensions, fitting a projection if need be."""
    moments = profiles.whole().embeddings
    if moments is None or moments.projection is not None or moments.dimensions <= MOST_DIMENSIONS:
        return profiles
    projection = fit_projection(moments.mean, moments.scatter)
    reduced = {key: project_profile(profile, projection) for key, profile in profiles.profiles.items()}
    return replace(profiles, profiles=reduced)


def _split(profiles: ProfileSet) -> str:
    window = f"one {profiles.window}" if profiles.window else "all time"
    return f"{window} by {', '.join(profiles.by)}" if profiles.by else window
