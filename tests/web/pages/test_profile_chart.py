"""Charts from profiles and windows: what they say, known by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from driftwheel.images.properties import PROPERTIES
from driftwheel.profiles.property_definition import definition_of
from driftwheel.profiles.property_summary import PropertySummary, empty_summary, summarise
from driftwheel.report.property_words import property_words
from driftwheel.web.pages.models.profile_chart import profile_chart, profile_rows
from driftwheel.web.pages.time_chart import Point, time_chart

_BY_NAME = {one.name: definition_of(one) for one in PROPERTIES}
_MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def summary(name: str, values: list[float]) -> PropertySummary:
    (found,) = summarise([_BY_NAME[name]], np.array(values, np.float32)[:, None])
    return found


def test_quantiles_are_those_of_the_histogram() -> None:
    rng = np.random.default_rng(1)
    before, after = (rng.normal(mean, 10, 4000).clip(1, 250) for mean in (100, 140))
    rows = profile_rows(
        property_words("brightness"), summary("brightness", [*before]), summary("brightness", [*after])
    )
    told = {row.label: row for row in rows}
    assert told["images"].before == told["images"].after == "4,000"
    for label, q in (("5 % lie below", 0.05), ("median", 0.5), ("95 % lie below", 0.95)):
        value = float(told[label].after.split("\u00a0")[0])
        assert value == pytest.approx(np.quantile(after, q), abs=1.0)  # a bin is one grey level wide


@pytest.mark.parametrize("name", [one.name for one in PROPERTIES])
def test_every_property_can_be_drawn(name: str) -> None:
    definition = _BY_NAME[name]
    low, high = (
        (0, definition.bins - 1) if definition.kind == "category" else (definition.low, definition.high)
    )
    values = [low, low, low + (high - low) // 2, high]
    chart = profile_chart(property_words(name), summary(name, values), summary(name, values[1:]), 0.5, "now")
    assert "reference, 4 images, and now, 3 images" in chart
    assert "nan" not in chart
    assert not re.search(r"[0-9]e[+-]?[0-9]", chart)


@pytest.mark.parametrize("name", ["brightness", "sharpness", "hue", "format"])
def test_nothing_on_either_side_is_drawn_too(name: str) -> None:
    nothing, some = empty_summary(_BY_NAME[name]), summary(name, [2.0, 3.0])
    for before, after in ((nothing, some), (some, nothing), (nothing, nothing)):
        assert "nan" not in profile_chart(property_words(name), before, after, None, "now")


def test_a_usual_range_far_beyond_the_values_does_not_flatten_them() -> None:
    points = [
        Point(_MONDAY + timedelta(days=i), 48.0, 48, 48.0, 20.0, 300_000.0, i == 2, f"/{i}", f"Mar {i + 2}")
        for i in range(3)
    ]
    chart = time_chart(points, lambda value: f"{value:g}", title="Volume", window="day", kind="bars")
    assert "<span>60</span><span>0</span>" in chart  # the scale
    assert chart.count('class="bar unusual"') == 1
    assert "Mar 4: 48, n = 48; usually 20 to 300000; unusual" in chart


def test_a_window_without_a_value_is_a_gap() -> None:
    values = [0.9, 0.8, None, 0.7, 0.75]
    points = [
        Point(_MONDAY + timedelta(days=i), value, 9, None, None, None, False, "/", "a day")
        for i, value in enumerate(values)
    ]
    chart = time_chart(points, str, title="Accuracy", window="day", ceiling=1.0)
    assert chart.count('class="line"') == 2
    assert chart.count('class="dot"') == 4
    assert "<span>1.0</span><span>0.5</span>" in chart  # all lie above a half
