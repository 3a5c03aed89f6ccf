from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, Engine
from tests.store.rows import NOON, new_record

from driftwheel.services.browse.describe_models import describe_models
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.models.references import create_reference, set_reference_failed, set_reference_ready
from driftwheel.store.records.records import insert_records
from driftwheel.store.windows.windows import add_empty_windows, list_windows, mark_stale, put_window


def model(c: Connection, name: str, *, times: tuple[datetime, ...] = (NOON,)) -> int:
    key = create_model(c, name, task="classification", created=NOON).key
    insert_records(c, [new_record(key, f"r{i}", time=time) for i, time in enumerate(times)])
    mark_stale(c, key, "day", times, [{} for _ in times], (), received=NOON)
    return key


def reference(c: Connection, of: int) -> int:
    return create_reference(c, of, kind="folder", source={"images": "/x"}, created=NOON, by="test").key


def test_every_state_is_told(database: Engine) -> None:
    with writing(database) as c:
        model(c, "a-new", times=())
        model(c, "b-bare")
        reference(c, model(c, "c-measuring"))
        set_reference_failed(c, reference(c, model(c, "d-failed")), "no images")
        watched = model(c, "e-watched")
        set_reference_ready(c, reference(c, watched), b"x" * 32)
        set_reference_failed(c, reference(c, watched), "no images")  # the one before stays in use
        set_reference_ready(c, reference(c, model(c, "f-early", times=())), b"x" * 32)
    with reading(database) as c:
        told = {each.model.name: each.state for each in describe_models(c, NOON)}
    assert told == {
        "a-new": "no records",
        "b-bare": "no reference",
        "c-measuring": "measuring",
        "d-failed": "reference failed",
        "e-watched": "watched",
        "f-early": "no records",
    }


def test_volumes_have_no_gaps_and_end_now(database: Engine) -> None:
    times = (NOON - timedelta(days=40), NOON - timedelta(days=2), NOON)
    with writing(database) as c:
        key = model(c, "m", times=times)
        for window in list_windows(c, key)[:2]:
            put_window(c, window.key, revision=window.revision, profile=b"", records=7, rejected=2, made=NOON)
    with reading(database) as c:
        (summary,) = describe_models(c, NOON, windows=5)
    starts = [each.start for each in summary.volumes]
    assert {later - earlier for earlier, later in pairwise(starts)} == {timedelta(days=1)}
    assert summary.volumes[-1].start == NOON.replace(hour=0)
    assert [(each.records, each.rejected, each.stale) for each in summary.volumes] == [
        (0, 0, False),
        (0, 0, False),
        (7, 2, False),
        (0, 0, False),
        (0, 0, True),
    ]
    assert (summary.records, summary.rejected, summary.last) == (7, 2, NOON)
    assert summary.recent


def test_volumes_end_with_the_newest_records_where_none_came_lately(database: Engine) -> None:
    times = (NOON - timedelta(days=70), NOON - timedelta(days=41), NOON - timedelta(days=40))
    with writing(database) as c:
        keys = [model(c, name, times=times) for name in ("past", "silent")]
        for one in (one for key in keys for one in list_windows(c, key)):
            put_window(c, one.key, revision=one.revision, profile=b"", records=7, rejected=0, made=NOON)
        days = [NOON.replace(hour=0) - timedelta(days=ago) for ago in (39, 38)]
        empty = [(day, day + timedelta(days=1), "", "") for day in days]
        add_empty_windows(c, keys[1], empty)  # nothing came in them, so they are not what is looked for
    with reading(database) as c:
        told = describe_models(c, NOON, windows=5)
        ahead = describe_models(c, NOON - timedelta(days=41), windows=5)
    for summary in told:
        assert summary.volumes[-1].start == (NOON - timedelta(days=40)).replace(hour=0)
        assert [each.records for each in summary.volumes] == [0, 0, 0, 7, 7]
        assert (summary.records, summary.recent) == (14, False)
    assert [(one.records, one.recent) for one in ahead] == [(7, True)] * 2
