"""Records: rows taken keep everything that belongs to a row."""

from __future__ import annotations

import numpy as np

from driftwheel.records import Records


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


def test_records_without_scores_stay_without() -> None:
    taken = records(scored=False).take([0])
    assert taken.scores is None
    assert taken.classes == ()
