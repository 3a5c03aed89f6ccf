"""Ingest a profile computed at the edge: what is known of images that never leave where they were taken."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import IncomparableError, ProfileFormatError, UsageError
from driftwheel.profiles import Profile, ProfileKey, ProfileSet, from_bytes, merge, regroup
from driftwheel.profiles.profile import check_comparable
from driftwheel.profiles.window import WINDOWS, Window, as_window
from driftwheel.profiles.window import window_of as start_of
from driftwheel.services.crash_points import reach
from driftwheel.services.ingest.ingest_checks import check_tags, check_time
from driftwheel.services.ingest.ingest_models import model_named
from driftwheel.services.ingest.ingest_room import check_call
from driftwheel.services.ingest.ingest_values import Limits, Result
from driftwheel.store.engine.database import writing
from driftwheel.store.records.edge_profiles import add_edge_profile, list_edge_profiles
from driftwheel.store.windows.windows import mark_stale, window_of

__all__ = ["Part", "ingest_profile", "parts_of_profile"]

_NO_TIME = "The profile has images without a time; they belong to no window. Leave them out."


@dataclass(frozen=True, slots=True)
class Part:
    """Which window of a model a part of a profile belongs to; `tag` and `value` are empty for all of it."""

    start: datetime
    end: datetime
    tag: str = ""
    value: str = ""


def ingest_profile(
    engine: Engine, model: str, profile: bytes, *, received: datetime, limits: Limits
) -> Result:
    """Keep a ``.dwp`` file for a model's windows, and return what became of it once it is kept.

    The result's id is the SHA-256 of the file; the same file again changes nothing. The windows it speaks of
    are marked as out of date, so that they are summed up anew.

    Parameters
    ----------
    received
        The time now, UTC.

    Raises
    ------
    UsageError
        When there is no such model.
    StorageFullError, DatabaseBusyError
        Nothing can be kept now.
    """
    known = model_named(engine, model)
    check_call(engine, 1, limits)
    name = hashlib.sha256(profile).hexdigest()
    try:
        profiles = from_bytes(profile)
        _check_times(profiles, received)
        _check_segments(profiles)
        parts = list(parts_of_profile(profiles, known.window, known.segment_tags))
        start, end = min(part.start for part in parts), max(part.end for part in parts)
        with writing(engine) as connection:
            other = next(list_edge_profiles(connection, known.key, since=start, until=end), None)
            if other is not None:
                check_comparable(from_bytes(other.profile).whole(), profiles.whole())
            outcome = add_edge_profile(
                connection, known.key, profile, start=start, end=end, received=received
            )
            if outcome == "accepted":
                mark_stale(
                    connection,
                    known.key,
                    known.window,
                    [part.start for part in parts],
                    [{part.tag: part.value} if part.tag else {} for part in parts],
                    known.segment_tags,
                    received=received,
                )
            reach("profile-inserted")
    except (ProfileFormatError, IncomparableError, UsageError) as error:
        return Result(name, "rejected", str(error))
    reach("profile-committed")
    return Result(name, outcome)


def parts_of_profile(
    profiles: ProfileSet, window: str, segment_tags: Sequence[str]
) -> Mapping[Part, Profile]:
    """Return the profile of each window, and of each segment of it, that a set has something to say of.

    Parameters
    ----------
    window
        How long the model's windows are; those of the set may be shorter.
    segment_tags
        The model's; a segment is there for each of them that the set is split by.

    Raises
    ------
    UsageError
        For a set without images, or with images without a time.
    IncomparableError
        For a set whose windows are longer than the model's, or that has none and spans several.
    """
    wanted = as_window(window)
    profiles = _with_window(profiles, wanted)
    if profiles.window and WINDOWS.index(profiles.window) > WINDOWS.index(wanted):
        raise IncomparableError(
            f"The profile's windows are of one {profiles.window}, the model's of one {window}. "
            f"Profile the images again with --window {window}."
        )
    if profiles.window is None:
        raise UsageError(_NO_TIME)
    gathered: dict[Part, list[Profile]] = {}
    for key, profile in regroup(profiles, window=wanted, by=profiles.by).profiles.items():
        if key.start is None:
            if profile.n or profile.unreadable:
                raise UsageError(_NO_TIME)
            continue
        start, end = window_of(key.start, window)
        gathered.setdefault(Part(start, end), []).append(profile)
        for tag, value in zip(profiles.by, key.segment, strict=True):
            if tag in segment_tags and value is not None:
                gathered.setdefault(Part(start, end, tag, value), []).append(profile)
    return {part: merge(some) for part, some in gathered.items()}


def _check_times(profiles: ProfileSet, received: datetime) -> None:
    """Raise `UsageError` for times in which no image can have been taken: their windows cannot be kept."""
    for key, profile in profiles.profiles.items():
        for time in (key.start, profile.first, profile.last):
            if time is not None:
                check_time(time, received)


def _check_segments(profiles: ProfileSet) -> None:
    """Raise `UsageError` for names and values of tags that records could not have either."""
    for key in profiles.profiles:
        check_tags(
            {tag: value for tag, value in zip(profiles.by, key.segment, strict=True) if value is not None}
        )


def _with_window(profiles: ProfileSet, wanted: Window) -> ProfileSet:
    """Return a set without windows as that of the one window all its images lie in."""
    whole = profiles.whole()
    if not whole.n and not whole.unreadable:
        raise UsageError("The profile is empty: there is no image in it.")
    if profiles.window is not None or whole.first is None or whole.last is None:
        return profiles
    start = start_of(whole.first, wanted)
    if start_of(whole.last, wanted) != start:
        raise IncomparableError(
            f"The profile spans {whole.first:%Y-%m-%d %H:%M} to {whole.last:%Y-%m-%d %H:%M} UTC, more than "
            f"one {wanted}. Profile the images again with --window {wanted}."
        )
    known = {key: profile for key, profile in profiles.profiles.items() if profile.n or profile.unreadable}
    return ProfileSet(
        {ProfileKey(start, key.segment): profile for key, profile in known.items()}, wanted, profiles.by
    )
