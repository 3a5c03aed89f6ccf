"""Summarise windows: make profiles and summaries that are out of date, from all that is kept of a time."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from sqlalchemy import Connection, Engine

from driftwheel.errors import DriftwheelError
from driftwheel.profiles import Profile, from_bytes, single, to_bytes
from driftwheel.services.crash_points import reach
from driftwheel.services.ingest.ingest_profile import parts_of_profile
from driftwheel.services.measure.window_profile import (
    WHOLE,
    Segment,
    main_space,
    sum_up,
    together,
)
from driftwheel.services.watch.choose_segments import Choice, choose_segments
from driftwheel.services.watch.window_predictions import window_predictions
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.records.edge_profiles import list_edge_profiles
from driftwheel.store.records.record_columns import measured_columns
from driftwheel.store.windows.archives import archive_of
from driftwheel.store.windows.performance_due import mark_performance
from driftwheel.store.windows.segment_values import drop_segments, put_left_out
from driftwheel.store.windows.window_predictions import put_predictions
from driftwheel.store.windows.windows import (
    StoredWindow,
    find_window,
    list_windows,
    put_window,
    stale_windows,
)

__all__ = ["Summaries", "edge_images", "summarise_windows", "window_profiles"]

_AT_ONCE = 200  # windows looked up at once
_DROPPED = 2000  # segments that are left out in one transaction: who writes waits for it
_log = logging.getLogger("driftwheel.worker")


@dataclass(frozen=True, slots=True)
class Summaries:
    """What one pass over stale windows did.

    Attributes
    ----------
    made
        Profiles made and up to date.
    still_stale
        Profiles made while more records came; the next pass makes them again.
    last_key
        Where the next part of the pass goes on; None when no window was stale any more.
    """

    made: int
    still_stale: int
    last_key: int | None


def summarise_windows(
    engine: Engine, *, now: datetime, after_key: int = 0, limit: int = _AT_ONCE
) -> Summaries:
    """Make the profiles of stale windows, each in a transaction of its own time; those who write do not wait.

    A window whose records change meanwhile keeps the new profile and stays stale. Several workers may do this
    at once; it would only be work done twice.
    """
    with reading(engine) as connection:
        stale = stale_windows(connection, limit=limit, after_key=after_key)
    spans: defaultdict[tuple[int, datetime, datetime], list[StoredWindow]] = defaultdict(list)
    for one in stale:
        spans[one.model, one.start, one.end].append(one)
    made = still = 0
    for (model, start, end), its in spans.items():
        keys = [one.key for one in its]
        for fresh in _summarise(engine, model, (start, end), keys, now):
            made, still = made + fresh, still + (not fresh)
    return Summaries(made, still, stale[-1].key if stale else None)


def window_profiles(
    connection: Connection, model: Model, start: datetime, end: datetime, windows: Sequence[StoredWindow]
) -> dict[int, Profile]:
    """Return the profile of each of these windows, which are of one span of time, by the window's key.

    `connection` must see the database as it is at one moment.
    """
    edge = _edge_profiles(connection, model, start, end)
    others = {one.key: _archived(connection, one.key) + edge[one.tag, one.value] for one in windows}
    whole = find_window(connection, model.key, start)
    all_others = edge[WHOLE] + ([] if whole is None else _archived(connection, whole.key))
    segments = [(one.tag, one.value) for one in windows]
    own = sum_up(measured_columns(connection, model.key, start, end), segments)
    space = main_space(own.spaces, all_others)
    profiles: dict[int, Profile] = {}
    for one in windows:
        profiles[one.key], left_out = together(own.profile((one.tag, one.value), space), others[one.key])
        if left_out:
            _log.warning("%d profiles could not be merged into a window of '%s'.", left_out, model.name)
    return profiles


def edge_images(connection: Connection, model: Model, start: datetime, end: datetime) -> dict[Segment, int]:
    """Return tag and value → images of a window that are known by profiles from the edge."""
    edge = _edge_profiles(connection, model, start, end)
    return {
        segment: sum(one.n + sum(one.unreadable.values()) for one in its) for segment, its in edge.items()
    }


def _edge_profiles(
    connection: Connection, model: Model, start: datetime, end: datetime
) -> defaultdict[Segment, list[Profile]]:
    """Return what profiles from the edge say of a window, by segment, in an order that is always the same."""
    found: defaultdict[Segment, list[Profile]] = defaultdict(list)
    for one in list_edge_profiles(connection, model.key, since=start, until=end):
        try:
            profiles = from_bytes(one.profile, name="a profile from the edge")
            parts = parts_of_profile(profiles, model.window, model.segment_tags)
        except DriftwheelError as error:  # the model's window was changed since it came
            _log.warning("A profile from the edge is left out of a window of '%s': %s", model.name, error)
            continue
        for part, profile in parts.items():
            if part.start == start:
                found[part.tag, part.value].append(profile)
    return found


def _archived(connection: Connection, window: int) -> list[Profile]:
    archive = archive_of(connection, window)
    return [] if archive is None else [from_bytes(archive, name="an archive").whole()]


def _summarise(
    engine: Engine, model: int, span: tuple[datetime, datetime], keys: Sequence[int], now: datetime
) -> list[bool]:
    start, end = span
    with reading(engine) as connection:
        known = list_windows(connection, model, since=start, until=end)
        found = model_by_key(connection, model)
        windows = [] if found is None else [one for one in known if one.key in keys]
        profiles: dict[int, Profile] = {}
        predictions: dict[int, bytes] = {}
        choice = Choice()
        if found is not None:
            its = [one for one in known if (one.start, one.end) == span]
            choice = choose_segments(connection, its, partial(edge_images, connection, found, start, end))
            gone = {one.key for one in choice.dropped}
            windows = [one for one in windows if one.key not in gone]
            profiles = window_profiles(connection, found, start, end, windows)
            predictions = window_predictions(connection, found, start, end, windows)
    reach("summarise-made")
    fresh = []
    with writing(engine) as connection:
        if any(one.left_out != choice.left_out for one in known if (one.start, one.tag) == (start, "")):
            put_left_out(connection, model, start, choice.left_out)
        dropped = sorted(choice.dropped, key=lambda one: one.key not in keys)[:_DROPPED]
        both = sorted([*windows, *dropped], key=lambda one: (one.tag, one.value))  # see store.record_locks
        for is_kept, run in groupby(both, key=lambda one: one.key in profiles):
            if not is_kept:
                drop_segments(connection, list(run))
                continue
            for one in run:
                profile = profiles[one.key]
                made = put_window(
                    connection,
                    one.key,
                    revision=one.revision,
                    profile=to_bytes(single(profile)),
                    records=profile.n,
                    rejected=sum(profile.unreadable.values()),
                    made=now,
                )
                put_predictions(connection, one.key, predictions[one.key])
                fresh.append(made)
        if found is not None and found.task == "classification" and windows:
            mark_performance(connection, model, found.window, [start])
        reach("summarise-written")
    reach("summarise-committed")
    return fresh
