"""Records: rows taken keep everything that belongs to a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from driftwheel.records import Records, times_of


def records(*, scored: bool) -> Records:
    scores = np.array([[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8]], np.float32)
    return Records(
        ("a.jpg", "b.jpg", "c.jpg"),
        np.array([[0.1], [0.2], [0.3]], np.float32),
        ("brightness",),
        tags={"camera": ("1", None, "2")},
        scores=scores if scored else None,
        classes=("cat", "dog") if scored else (),
    )


def test_rows_taken_keep_their_scores_and_the_classes() -> None:
    taken = records(scored=True).take([2, 1, 2])
    assert taken.classes == ("cat", "dog")
    assert taken.images == ("c.jpg", "b.jpg", "c.jpg")
    assert taken.scores is not None
    np.testing.assert_array_equal(
        taken.scores, np.array([[0.2, 0.8], [np.nan, np.nan], [0.2, 0.8]], np.float32)
    )


def test_records_of_a_window_are_told_by_their_times() -> None:
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    east = timezone(timedelta(hours=2))
    moments = [noon, None, (noon + timedelta(hours=1)).astimezone(east)]
    timed = replace(records(scored=False), times=times_of(moments))
    hour = timedelta(hours=1)
    assert timed.between(noon, noon + hour).tolist() == [True, False, False]
    assert timed.between(noon.astimezone(east), noon + 2 * hour).tolist() == [True, False, True]
    assert not records(scored=False).between(noon, noon + hour).any()
    assert times_of([None]) is None


def test_records_without_scores_stay_without() -> None:
    taken = records(scored=False).take([0])
    assert taken.scores is None
    assert taken.classes == ()
