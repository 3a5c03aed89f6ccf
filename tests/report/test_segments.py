from __future__ import annotations

from dataclasses import replace

import numpy as np

from driftwheel.report.segments import heats


def tagged(check, tags=None, times=None):
    return replace(check, current=replace(check.current, tags=tags or {}, times=times))


def with_sharpness(check, values):
    column = check.current.property_names.index("sharpness")
    table = check.current.properties.copy()
    table[:, column] = values
    return replace(check, current=replace(check.current, properties=table))


def row_of(heat, title):
    return next(cells for name, cells in heat.rows if name == title)


def test_the_camera_that_carries_it_stands_out(checks) -> None:
    check = checks["blur"]
    reference = check.reference.column("sharpness")
    healthy = np.tile(np.sort(reference)[4::8], 2)
    check = with_sharpness(check, np.concatenate([healthy, np.full(50, np.median(reference) / 50)]))
    (heat,) = heats(tagged(check, {"camera": ("1",) * 50 + ("2",) * 50 + ("3",) * 50}))
    assert [(column.label, column.n) for column in heat.columns] == [("1", 50), ("2", 50), ("3", 50)]
    first, second, third = row_of(heat, "sharpness")
    assert (first.level, second.level) == (0, 0)
    assert third.level == 5
    assert third.text.startswith("−")
    assert third.said.endswith("50 images")


def test_the_mean_is_held_against_the_same_tag_in_the_reference(checks) -> None:
    check = checks["blur"]
    dark = check.reference.column("sharpness").copy()
    dark[:200] = dark[:200] / 100
    column = check.reference.property_names.index("sharpness")
    table = check.reference.properties.copy()
    table[:, column] = dark
    reference = replace(check.reference, properties=table, tags={"camera": ("1",) * 200 + ("2",) * 200})
    check = with_sharpness(replace(check, reference=reference), np.resize(dark[:200], 150))
    (heat,) = heats(tagged(check, {"camera": ("1",) * 100 + ("2",) * 50}))
    same, other = row_of(heat, "sharpness")
    assert same.level == 0
    assert other.level > 0


def test_segments_too_small_to_say_anything_are_empty(checks) -> None:
    (heat,) = heats(tagged(checks["blur"], {"camera": ("1",) * 140 + ("2",) * 10}))
    assert heat.gaps
    assert row_of(heat, "sharpness")[1].text == ""
    assert "fewer than 20" in row_of(heat, "sharpness")[1].said


def test_time_is_cut_into_parts_that_can_be_read(checks) -> None:
    start = np.datetime64("2026-11-01T00:00", "us")
    times = start + np.arange(150) * np.timedelta64(60 * 60 * 1_000_000, "us")
    (heat,) = heats(tagged(checks["blur"], times=times))
    assert heat.by == "day"
    assert [column.label for column in heat.columns] == [
        "11-01",
        "11-02",
        "11-03",
        "11-04",
        "11-05",
        "11-06",
        "11-07",
    ]
    assert sum(column.n for column in heat.columns) == 150


def test_many_cameras_leave_the_smallest_out_and_say_so(checks) -> None:
    names = tuple(f"camera {i % 30:02}" for i in range(150))
    (heat,) = heats(tagged(checks["blur"], {"camera": names}))
    assert len(heat.columns) == 14
    assert heat.note == "The 16 smallest of 30 are left out."


def test_one_camera_or_no_drift_has_no_table(checks) -> None:
    assert heats(tagged(checks["blur"], {"camera": ("1",) * 150})) == []
    calm = checks["no_drift"]
    assert heats(tagged(calm, {"camera": ("1",) * 75 + ("2",) * 75})) == []
