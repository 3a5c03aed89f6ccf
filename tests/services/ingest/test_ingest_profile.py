"""A profile from the edge is kept once, and for the windows that its images lie in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.profiles import Profile, ProfileKey, ProfileSet, empty_profile, single, to_bytes
from driftwheel.profiles.profile import profile_records
from driftwheel.profiles.window import WINDOWS, Window, window_of
from driftwheel.records import Mode, Records
from driftwheel.services.ingest.ingest_profile import Part, ingest_profile, parts_of_profile
from driftwheel.services.ingest.ingest_values import Result
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model, find_model
from driftwheel.store.records.edge_profiles import list_edge_profiles
from driftwheel.store.windows.windows import list_windows

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
LAST = datetime(9999, 12, 31, 23, tzinfo=UTC)  # its window ends after the last moment there is
DAY = timedelta(days=1)
WEDNESDAY = datetime(2026, 3, 4, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Bounds:
    """Of `driftwheel.services.ingest.ingest_values.Limits`."""

    max_image_bytes: int = 1
    max_image_pixels: int = 1
    max_batch_records: int = 20
    queue_records: int = 1
    disk_reserve_bytes: int = 0


def profile(*times: datetime, mode: Mode = "exact") -> Profile:
    """The profile of one image at each time; their brightness is the hour."""
    values = np.array([[time.hour] for time in times], np.float32).reshape(-1, 1)
    moments = np.array([time.replace(tzinfo=None) for time in times], "datetime64[us]")
    names = tuple(f"{number}.jpg" for number in range(len(times)))
    return profile_records(Records(names, values, ("brightness",), mode=mode, times=moments))


def hours(times: Sequence[datetime], window: Window | None, tags: Sequence[str | None] = ()) -> ProfileSet:
    """Those images split by window, and by camera where `tags` has one for each."""
    gathered: dict[ProfileKey, list[datetime]] = {}
    for index, time in enumerate(times):
        start = None if window is None else window_of(time, window)
        gathered.setdefault(ProfileKey(start, tuple(tags[index : index + 1])), []).append(time)
    parts = {key: profile(*its) for key, its in gathered.items()}
    return ProfileSet(parts, window, ("camera",) if tags else ())


@pytest.fixture
def engine(database: Engine) -> Engine:
    with writing(database) as connection:
        create_model(connection, "cats", task="classification", created=NOON, segment_tags=["camera"])
    return database


def ingest(engine: Engine, data: bytes, model: str = "cats") -> Result:
    return ingest_profile(engine, model, data, received=NOON, limits=Bounds())


def test_a_profile_is_kept_once_and_its_windows_are_out_of_date(engine: Engine) -> None:
    data = to_bytes(hours([NOON, NOON + DAY], "hour", ["1", None]))
    name = hashlib.sha256(data).hexdigest()
    assert ingest(engine, data) == Result(name, "accepted")
    assert [ingest(engine, data) for _ in range(9)] == 9 * [Result(name, "duplicate")]
    with reading(engine) as connection:
        model = find_model(connection, "cats").key
        (kept,) = list_edge_profiles(connection, model)
        windows = list_windows(connection, model)
    assert (kept.profile, kept.start, kept.end) == (data, WEDNESDAY, WEDNESDAY + 2 * DAY)
    assert [(one.start, one.tag, one.value, one.stale, one.revision) for one in windows] == [
        (WEDNESDAY, "", "", True, 1),
        (WEDNESDAY, "camera", "1", True, 1),
        (WEDNESDAY + DAY, "", "", True, 1),
    ]


def test_what_is_no_profile_for_this_model_is_rejected_and_says_why(engine: Engine) -> None:
    fine = to_bytes(hours([NOON], "hour"))
    assert ingest(engine, fine).outcome == "accepted"
    for data, reason in (
        (b"", "is empty"),
        (b"PK", "is no Driftwheel profile"),
        (fine[:-1], "is cut short"),
        (fine[:60] + bytes([fine[60] ^ 1]) + fine[61:], "is damaged"),
        (to_bytes(single(empty_profile())), "there is no image in it"),
        (to_bytes(hours([NOON], "week")), "Profile the images again with --window day"),
        (to_bytes(hours([NOON, NOON + DAY], None)), "more than one day"),
        (to_bytes(single(profile(NOON, mode="fast"))), "a different mode"),
        (to_bytes(hours([NOON + 3 * DAY], "hour")), "in the future, more than 25 h"),
        (to_bytes(hours([datetime(1, 1, 1, tzinfo=UTC)], "hour")), "too early"),
        (to_bytes(ProfileSet({ProfileKey(WEDNESDAY, ()): profile(NOON, LAST)}, "day")), "in the future"),
        *((to_bytes(hours([LAST], window)), "in the future") for window in (None, *WINDOWS)),
    ):
        result = ingest(engine, data)
        assert result.outcome == "rejected"
        assert reason in (result.reason or "")
    earlier = to_bytes(single(profile(NOON - 3 * DAY, mode="fast")))
    assert ingest(engine, earlier).outcome == "accepted"  # no other speaks of that window
    with pytest.raises(UsageError, match="Did you mean 'cats'"):
        ingest(engine, fine, "cat")


def test_a_set_without_windows_belongs_to_the_one_all_its_images_lie_in() -> None:
    parts = parts_of_profile(hours([NOON, NOON], None, ["1", "2"]), "day", ["camera"])
    assert {part: its.n for part, its in parts.items()} == {
        Part(WEDNESDAY, WEDNESDAY + DAY): 2,
        Part(WEDNESDAY, WEDNESDAY + DAY, "camera", "1"): 1,
        Part(WEDNESDAY, WEDNESDAY + DAY, "camera", "2"): 1,
    }
    assert {part.start for part in parts_of_profile(hours([NOON, NOON + DAY], None), "week", [])} == {MONDAY}


def test_images_without_a_time_belong_to_no_window() -> None:
    parts = {ProfileKey(WEDNESDAY): profile(NOON), ProfileKey(): profile()}
    assert len(parts_of_profile(ProfileSet(parts, "day"), "day", [])) == 1
    parts[ProfileKey()] = profile(NOON)
    with pytest.raises(UsageError, match="images without a time"):
        parts_of_profile(ProfileSet(parts, "day"), "day", [])


def test_only_the_tags_of_the_model_make_segments() -> None:
    assert {part.tag for part in parts_of_profile(hours([NOON], "day", ["1"]), "day", ["site"])} == {""}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["1", "2", None])), min_size=1, max_size=12),
    st.sampled_from(["hour", "day"]),
    st.sampled_from(["day", "week"]),
)
def test_windows_and_segments_are_those_of_the_images(
    images: list[tuple[int, str | None]], split: Window, window: Window
) -> None:
    """However finely the edge splits, each window has the profile of exactly its images."""
    times = [MONDAY + timedelta(hours=hour) for hour, _ in images]
    cameras = [camera for _, camera in images]
    parts = parts_of_profile(hours(times, split, cameras), window, ["camera"])
    for part, its in parts.items():
        inside = [
            time
            for time, camera in zip(times, cameras, strict=True)
            if part.start <= time < part.end and part.value in ("", camera)
        ]
        assert to_bytes(single(its)) == to_bytes(single(profile(*inside)))
    assert sum(its.n for part, its in parts.items() if not part.tag) == len(images)
    assert sum(its.n for part, its in parts.items() if part.tag) == len(list(filter(None, cameras)))
