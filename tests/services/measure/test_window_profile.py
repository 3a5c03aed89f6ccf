from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.profiles.conftest import DEFINITIONS, make_records
from tests.workflows.installation import NOW, add_model, log, picture, record, some_records

from driftwheel.images.properties import PROPERTY_NAMES, near_duplicates
from driftwheel.profiles import ProfileBuilder, from_bytes, merge, profile_records, single, to_bytes
from driftwheel.records import Image
from driftwheel.services.ingest.ingest_profile import ingest_profile
from driftwheel.services.measure.backfill import backfill_records
from driftwheel.services.measure.embedding_space import fixed_projection
from driftwheel.services.measure.measure_images import measure_images
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.measure.packed_records import (
    NEAR_DUPLICATE,
    fill_near_duplicates,
    pack_hash,
    pack_properties,
    unpack_all,
    unpack_hashes,
)
from driftwheel.services.measure.window_profile import WHOLE, in_space, main_space, sum_up, together
from driftwheel.services.operate.apply_retention import archive_old_records
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.settings import Settings
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.records.record_columns import measured_columns
from driftwheel.store.records.record_pages import RecordFilter
from driftwheel.store.windows.windows import list_windows


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def measure_all(engine: Engine, blobs: Blobs, limit: int = 256) -> None:
    measurers = Measurers(blobs)
    while measure_received(engine, blobs, measurers, now=NOW, limit=limit, threads=1).taken:
        pass


def summarise_all(engine: Engine) -> None:
    after: int | None = 0
    while after is not None:
        after = summarise_windows(engine, now=NOW, after_key=after, limit=3).last_key


def profiles(engine: Engine, model: Model) -> dict[object, bytes | None]:
    with reading(engine) as connection:
        windows = list_windows(connection, model.key, profiles=True)
    assert windows
    assert not any(one.stale for one in windows)
    return {(one.start, one.tag, one.value): one.profile for one in windows}


def test_any_order_duplicates_and_many_passes_give_the_same_bytes(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    records = some_records(45)
    log(database, blobs, model, records)
    measure_all(database, blobs)
    summarise_all(database)
    at_once = profiles(database, model)

    with database.begin() as connection:  # everything anew, in another order
        for table in ("records", "windows"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    shuffled = records * 10
    random.Random(5).shuffle(shuffled)
    for begin in range(0, len(shuffled), 50):
        outcomes = log(database, blobs, model, shuffled[begin : begin + 50])
        assert set(outcomes) <= {"accepted", "duplicate"}
        measure_all(database, blobs, limit=7)
        if begin % 100 == 0:
            summarise_all(database)
    summarise_all(database)
    assert profiles(database, model) == at_once


def test_a_window_is_the_batch_profile_of_its_images(database: Engine, blobs: Blobs) -> None:
    """Against the library, which knows no database: same images, same numbers, to the bit."""
    model = add_model(database, embedder="none", segment_tags=[])
    records = [record(f"{i:03}", picture(i - (i % 4 == 3)), NOW + timedelta(minutes=i)) for i in range(30)]
    records.append(record("999", b"\x89PNG\r\n\x1a\nno image", NOW + timedelta(minutes=59)))
    log(database, blobs, model, records)
    measure_all(database, blobs)
    summarise_all(database)

    builder = ProfileBuilder()
    images = (Image(one.id, data or b"", one.time) for one, data in records)
    for chunk in measure_images(images, threads=1):
        builder.add(chunk)
    (found,) = profiles(database, model).values()
    assert found == to_bytes(builder.finish())


def test_embeddings_are_summed_up_in_the_space_of_the_model(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    log(database, blobs, model, some_records(20))
    measure_all(database, blobs)
    summarise_all(database)
    whole = next(iter(profiles(database, model).values()))
    assert whole is not None
    profile = from_bytes(whole).whole()
    assert profile.embedder is not None
    assert profile.embedder.startswith("gist-1/")
    assert profile.embeddings is not None
    assert (profile.embeddings.count, profile.embeddings.dimensions) == (profile.n, 128)


def test_late_data_change_their_window_only(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    log(database, blobs, model, some_records(40))
    measure_all(database, blobs)
    summarise_all(database)
    before = profiles(database, model)
    log(database, blobs, model, [record("late", picture(77), NOW + timedelta(hours=1), camera="1")])
    measure_all(database, blobs)
    with reading(database) as connection:
        stale = {(one.tag, one.value) for one in list_windows(connection, model.key) if one.stale}
    assert stale == {("", ""), ("camera", "1")}
    summarise_all(database)
    after = profiles(database, model)
    changed = {key for key in before if before[key] != after[key]}
    hour = NOW + timedelta(hours=1)
    assert changed == {(hour, "", ""), (hour, "camera", "1")}


def test_clocks_that_are_wrong_and_clocks_that_are_put_back(database: Engine, blobs: Blobs) -> None:
    """Each record counts in the UTC window of the time it was told with, whatever its zone, once."""
    model = add_model(database, embedder="none", segment_tags=[])
    berlin = ZoneInfo("Europe/Berlin")
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)  # this half hour comes twice that night
    times = [twice, twice.replace(fold=1), NOW - timedelta(hours=25), NOW + timedelta(hours=25), NOW]
    records = [record(str(i), picture(i), time) for i, time in enumerate(times)]
    for one in reversed(records):
        log(database, blobs, model, [one])
        measure_all(database, blobs)
        summarise_all(database)
    found = profiles(database, model)
    assert len(found) == 5
    for i, time in enumerate(times):
        (chunk,) = measure_images([Image(str(i), picture(i), time.astimezone(UTC))], threads=1)
        start = time.astimezone(UTC).replace(minute=0)
        assert found[start, "", ""] == to_bytes(single(profile_records(chunk)))


def test_late_data_after_retention_join_what_was_deleted(database: Engine, blobs: Blobs) -> None:
    """Counts, histograms and sums to the bit; only moments of embeddings round otherwise."""
    model = add_model(database, embedder="none", segment_tags=["camera"], retention_days=30)
    records = [record(str(i), picture(i), NOW + timedelta(minutes=i), camera=str(i % 2)) for i in range(20)]
    late = records[7:9]
    log(database, blobs, model, records)
    measure_all(database, blobs)
    summarise_all(database)
    expected = profiles(database, model)

    with database.begin() as connection:
        for table in ("records", "windows"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    log(database, blobs, model, [one for one in records if one not in late])
    measure_all(database, blobs)
    dropped = archive_old_records(database, model, now=NOW + timedelta(days=40), limit=5)
    assert dropped.records == 5
    while archive_old_records(database, model, now=NOW + timedelta(days=40), limit=5).records:
        pass
    log(database, blobs, model, late)
    measure_all(database, blobs)
    summarise_all(database)
    assert profiles(database, model) == expected
    archive_old_records(database, model, now=NOW + timedelta(days=40))
    with reading(database) as connection:
        assert not any(one.stale for one in list_windows(connection, model.key))


def test_profiles_from_the_edge_join_the_records(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none")
    inside = [record(str(i), picture(i), NOW + timedelta(minutes=i), camera="1") for i in range(6)]
    outside = [Image(str(i), picture(i), NOW + timedelta(minutes=i), {"camera": "1"}) for i in range(6, 12)]
    builder = ProfileBuilder(window="hour", by=["camera"])
    for chunk in measure_images(outside, threads=1):
        builder.add(chunk)
    edge = to_bytes(builder.finish())
    log(database, blobs, model, inside)
    measure_all(database, blobs)
    limits = Settings.load(disk_reserve_bytes=0)
    for _ in range(10):
        assert ingest_profile(database, "m", edge, received=NOW, limits=limits).outcome != "rejected"
    summarise_all(database)
    found = profiles(database, model)
    assert set(found) == {(NOW, "", ""), (NOW, "camera", "1")}
    for profile in found.values():
        assert profile is not None
        assert from_bytes(profile).whole().n == 12


def test_a_summary_that_was_overtaken_stays_stale(
    database: Engine, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = add_model(database)
    log(database, blobs, model, [record("a", picture(1))])
    measure_all(database, blobs)

    def overtake(point: str) -> None:
        if point == "summarise-made":
            monkeypatch.undo()
            log(database, blobs, model, [record("b", picture(2))])
            measure_all(database, blobs)

    monkeypatch.setattr("driftwheel.services.watch.summarise_windows.reach", overtake)
    done = summarise_windows(database, now=NOW)
    assert (done.made, done.still_stale) == (0, 1)
    summarise_all(database)
    (profile,) = profiles(database, model).values()
    assert profile is not None
    assert from_bytes(profile).whole().n == 2


def test_main_space_is_that_of_most() -> None:
    assert main_space({"a": 1, "b": 2}, ()) == "b"
    assert main_space({"b": 2, "a": 2}, ()) == "a"
    assert main_space({}, ()) is None


def test_profiles_of_another_space_lose_their_embeddings() -> None:
    one = profile_records(make_records(5, dimensions=3), definitions=DEFINITIONS)
    assert in_space(one, one.embedder) is one
    other = in_space(one, "another")
    assert (other.n, other.embedder, other.embeddings) == (one.n, "another", None)
    whole, left_out = together(other, [one])
    assert (whole.n, left_out) == (10, 0)
    assert to_bytes(single(whole)) == to_bytes(single(merge([other, other])))


def test_a_projected_profile_is_in_the_space_of_its_projection() -> None:
    space = fixed_projection("toy-1", 200)
    one = profile_records(make_records(5, dimensions=200), projection=space, definitions=DEFINITIONS)
    assert main_space({}, [one]) == f"toy-1/{space.id}"
    placed = in_space(one, f"toy-1/{space.id}")
    assert placed.embeddings is not None
    assert (placed.embeddings.count, placed.embeddings.projection) == (5, None)


def test_a_profile_of_another_mode_is_left_out() -> None:
    one = profile_records(make_records(5), definitions=DEFINITIONS)
    whole, left_out = together(one, [replace(one, mode="fast")])
    assert (whole.n, left_out) == (5, 1)


def test_no_records_give_empty_profiles() -> None:
    found = sum_up((), [WHOLE, ("camera", "1")])
    assert [found.profile(segment, None).n for segment in found.segments] == [0, 0]
    assert found.spaces == {}


def test_segments_that_nobody_named(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none")
    log(database, blobs, model, some_records(20))
    measure_all(database, blobs)
    with reading(database) as connection:
        blocks = list(measured_columns(connection, model.key, NOW, NOW + timedelta(days=1)))
    found = sum_up(blocks, [WHOLE], tags=["camera"])
    assert found.segments == (WHOLE, ("camera", "0"), ("camera", "1"), ("camera", "2"))
    named = sum_up(blocks, found.segments)
    for segment in found.segments:
        one, other = found.profile(segment, None), named.profile(segment, None)
        assert one.n > 0
        assert to_bytes(single(one)) == to_bytes(single(other))


def test_near_duplicates_are_told_across_blocks_and_gaps() -> None:
    """Against the plain telling, image by image; one without a hash is like no other and none is like it."""
    rng = np.random.default_rng(3)
    hashes = rng.integers(0, 4, 40).astype(np.uint64) << np.uint64(60)
    known = rng.random(40) > 0.2
    packed = [pack_hash(int(each)) if there else None for each, there in zip(hashes, known, strict=True)]
    expected = []
    for i in range(40):
        if not known[i]:
            expected.append(np.nan)
            continue
        before = [hashes[i - 1]] if i and known[i - 1] else []
        expected.append(near_duplicates(np.array([*before, hashes[i]], np.uint64))[-1])
    for size in (1, 3, 7, 40):
        found: list[float] = []
        last: int | None = None
        for begin in range(0, 40, size):
            part = packed[begin : begin + size]
            values = np.full((len(part), len(PROPERTY_NAMES)), np.nan, np.float32)
            last = fill_near_duplicates(values, *unpack_hashes(part), last)
            found += values[:, NEAR_DUPLICATE].tolist()
        np.testing.assert_array_equal(found, expected)


def test_properties_of_an_earlier_release_are_unpacked_beside_those_of_this_one() -> None:
    rows = np.arange(3 * len(PROPERTY_NAMES), dtype=np.float32).reshape(3, -1)
    packed = [pack_properties(rows[0]), pack_properties(rows[1][:5]), pack_properties(rows[2])]
    found = unpack_all(packed)
    np.testing.assert_array_equal(found[[0, 2]], rows[[0, 2]])
    np.testing.assert_array_equal(found[1, :5], rows[1, :5])
    assert np.isnan(found[1, 5:]).all()
    assert unpack_all([]).shape == (0, len(PROPERTY_NAMES))


_LOGGED = some_records(24)


@pytest.mark.parametrize("most", [200, 2])
def test_any_interleaving_gives_what_one_batch_gives(
    database: Engine, blobs: Blobs, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrivals in any order, late and again; measured in bursts; summed up and backfilled at any time."""
    monkeypatch.setattr("driftwheel.services.watch.choose_segments.MOST_VALUES", most)
    measurers = Measurers(blobs)

    def begin() -> Model:
        with database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM models")
        return add_model(database)

    def end(model: Model) -> dict[object, bytes | None]:
        measure_all(database, blobs)
        summarise_all(database)
        return profiles(database, model)

    model = begin()
    log(database, blobs, model, _LOGGED)
    at_once = end(model)
    assert len(at_once) == 3 * (1 + min(most, 3))  # windows of the whole and its cameras

    @settings(max_examples=15, deadline=None)
    @given(data=st.data())
    def interleave(data: st.DataObject) -> None:
        model = begin()
        waiting = data.draw(st.permutations(_LOGGED))
        while waiting:
            step = data.draw(st.sampled_from(["log", "again", "measure", "summarise", "backfill"]))
            size = data.draw(st.integers(1, 9))
            if step == "log":
                log(database, blobs, model, waiting[:size])
                waiting = waiting[size:]
            elif step == "again":
                log(database, blobs, model, [one for one in _LOGGED if one not in waiting][:size])
            elif step == "measure":
                measure_received(database, blobs, measurers, now=NOW, limit=size, threads=1)
            elif step == "summarise":
                summarise_windows(database, now=NOW, limit=size)
            else:
                backfill_records(
                    database, blobs, measurers, RecordFilter(model.key), now=NOW, limit=size, threads=1
                )
        assert end(model) == at_once

    interleave()
