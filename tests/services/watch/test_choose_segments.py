"""So many values of a tag at most are segments of a window, whatever the order in which records come."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event
from tests.store.rows import new_record

from driftwheel.profiles import ProfileKey, ProfileSet, to_bytes
from driftwheel.profiles.profile import profile_records
from driftwheel.records import Records
from driftwheel.services.ingest.ingest_profile import ingest_profile
from driftwheel.services.operate.apply_retention import archive_old_records
from driftwheel.services.watch import choose_segments
from driftwheel.services.watch.add_missed_windows import add_missed_windows
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.settings import Settings
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.tables import models
from driftwheel.store.windows.verdicts import NewVerdict, list_verdicts, put_verdict
from driftwheel.store.windows.windows import StoredWindow, list_windows

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MIDNIGHT = NOON.replace(hour=0)


@pytest.fixture(autouse=True)
def three() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choose_segments, "MOST_VALUES", 3)
        yield


@dataclass
class Logged:
    """A model, and ids that were not used yet."""

    engine: Engine
    model: Model
    numbers: Iterator[int]

    def log(self, *cameras: str, site: str = "") -> None:
        tags = [{"camera": one} | ({"site": site} if site else {}) for one in cameras]
        rows = [
            new_record(self.model.key, f"r{next(self.numbers)}", time=NOON, tags=its, image=None)
            for its in tags
        ]
        with writing(self.engine) as connection:
            write_records(connection, rows)

    def summarise(self, limit: int = 200) -> None:
        while summarise_windows(self.engine, now=NOON, limit=limit).last_key is not None:
            pass

    def windows(self) -> dict[str, StoredWindow]:
        with reading(self.engine) as connection:
            known = list_windows(connection, self.model.key, profiles=True)
        return {f"{one.tag}={one.value}" if one.tag else "": one for one in known}

    def found(self) -> tuple[list[str], int]:
        """What there are segments of, and how many are left out."""
        known = self.windows()
        return sorted(known.keys() - {""}), known[""].left_out


def add(engine: Engine, **more: object) -> Logged:
    with writing(engine) as connection:
        connection.execute(delete(models))
        model = create_model(
            connection,
            "m",
            task="classification",
            created=NOON,
            segment_tags=["camera", "site"],
            embedder="none",
            **more,
        )
    return Logged(engine, model, itertools.count())


@pytest.fixture
def its(database: Engine) -> Logged:
    return add(database)


def test_those_with_the_most_records_are_segments_then_the_first_by_name(its: Logged) -> None:
    its.log("e", "d", "c", "b", "a", "e", "d", site="x")
    its.summarise()
    assert its.found() == (["camera=a", "camera=d", "camera=e", "site=x"], 2)
    its.log("c", "c")
    its.summarise()
    assert its.found() == (["camera=c", "camera=d", "camera=e", "site=x"], 2)
    its.log("b")  # as many as d and e, and before them
    its.summarise()
    assert its.found() == (["camera=b", "camera=c", "camera=d", "site=x"], 2)


def test_as_many_as_may_be_are_all_there(its: Logged) -> None:
    its.log("a", "b", "c")
    its.summarise()
    assert its.found() == (["camera=a", "camera=b", "camera=c"], 0)


def test_late_data_gives_what_one_batch_gives(database: Engine) -> None:
    @settings(max_examples=25, deadline=None)
    @given(data=st.data())
    def interleave(data: st.DataObject) -> None:
        interleaved(database, data)

    interleave()


def interleaved(engine: Engine, data: st.DataObject) -> None:
    cameras = data.draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=14))
    batch = add(engine)
    batch.log(*cameras)
    batch.summarise()
    expected = {name: (one.left_out, one.stale) for name, one in batch.windows().items()}
    late = add(engine)
    waiting = data.draw(st.permutations(cameras))
    while waiting:
        size = data.draw(st.integers(1, 5))
        late.log(*waiting[:size])
        waiting = waiting[size:]
        if data.draw(st.booleans()):
            summarise_windows(engine, now=NOON, limit=data.draw(st.integers(1, 5)))
    late.summarise()
    assert {name: (one.left_out, one.stale) for name, one in late.windows().items()} == expected


def test_the_verdict_of_a_segment_goes_with_it(its: Logged) -> None:
    its.log("a", "b", "c")
    its.summarise()
    with writing(its.engine) as connection:
        for one in its.windows().values():
            put_verdict(connection, verdict_on(one))
    its.log("d", "d", "e", "e", "f", "f")
    its.summarise()
    with reading(its.engine) as connection:
        assert [one.value for one in list_verdicts(connection, its.model.key)] == [""]
    assert its.found() == (["camera=d", "camera=e", "camera=f"], 3)


def test_profiles_from_the_edge_count_by_their_images(its: Logged) -> None:
    its.log("a", "b", "c", "c")

    def seen(n: int) -> object:
        times = np.full(n, NOON.replace(tzinfo=None), "M8[us]")
        names = tuple(map(str, range(n)))
        return profile_records(Records(names, np.zeros((n, 1), np.float32), ("brightness",), times=times))

    edge = ProfileSet(
        {ProfileKey(None, ("x",)): seen(5), ProfileKey(None, ("b",)): seen(1)}, None, ("camera",)
    )
    limits = Settings.load(disk_reserve_bytes=0)
    result = ingest_profile(its.engine, "m", to_bytes(edge), received=NOON, limits=limits)
    assert result.outcome == "accepted"
    its.summarise()
    assert its.found() == (["camera=b", "camera=c", "camera=x"], 1)


def test_what_retention_has_left_of_a_segment_stays(database: Engine) -> None:
    its = add(database, retention_days=30)
    its.log("a", "b", "c", "d", "d")
    its.summarise()
    before = its.found()
    assert before == (["camera=a", "camera=b", "camera=d"], 1)
    assert archive_old_records(database, its.model, now=NOON + 60 * DAY).records == 5
    its.log("e", "e", "e", "f")
    its.summarise()
    assert its.found() == (before[0], 2)


def test_retention_before_a_window_was_summed_up(database: Engine) -> None:
    its = add(database, retention_days=30)
    its.log("a", "b", "c", "d", "d")
    assert archive_old_records(database, its.model, now=NOON + 60 * DAY).records == 5
    its.summarise()
    assert its.found()[0] == ["camera=a", "camera=b", "camera=d"]


def test_windows_that_never_came_are_added_of_so_many_only(its: Logged) -> None:
    its.log("a", "b", "c")
    its.summarise()
    late = MIDNIGHT + 2.5 * DAY
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choose_segments, "MOST_VALUES", 2)
        for _ in range(3):
            add_missed_windows(its.engine, its.model, ["", "camera"], now=late)
            its.summarise()
    with reading(its.engine) as connection:
        rows = list_windows(connection, its.model.key, since=MIDNIGHT + DAY)
    assert [one.value for one in rows] == ["", "a", "b"]


@pytest.mark.parametrize("stale", [False, True])
def test_retention_counts_values_only_where_windows_are_stale(database: Engine, *, stale: bool) -> None:
    its = add(database, retention_days=30)
    its.log("a", "b", "c", "c", "d", "d")
    its.summarise()
    if stale:
        its.log("e")
    asked: list[str] = []

    def ask(connection: object, cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(database, "before_cursor_execute", ask)
    assert archive_old_records(database, its.model, now=NOON + 60 * DAY).records == 6 + stale
    event.remove(database, "before_cursor_execute", ask)
    assert any("json_e" in one and "count(" in one for one in asked) is stale


def verdict_on(window: StoredWindow) -> NewVerdict:
    return NewVerdict(
        model=window.model,
        start=window.start,
        end=window.end,
        tag=window.tag,
        value=window.value,
        revision=window.revision,
        reference=None,
        answer="no_reference",
        kind=None,
        p_value=None,
        alpha=None,
        n=1,
        headline="",
        document=None,
        observations={},
        exemplars=(),
        made=NOON,
    )
