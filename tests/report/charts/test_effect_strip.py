from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from driftwheel.report.charts.effect_strip import effect_axis, effect_ratio


@pytest.fixture
def one(checks):
    return checks["blur"].verdict.properties[0]


def dot(strip: str) -> float:
    return float(re.search(r'cx="([\d.]+)%"', strip).group(1))


def line(strip: str) -> float:
    return float(re.search(r'x1="([\d.]+)%" x2="\1%" y1="0"', strip).group(1))


def test_a_dot_lies_right_of_the_line_exactly_when_the_effect_counts(checks) -> None:
    properties = checks["blur"].verdict.properties
    axis = effect_axis(properties)
    for one in properties:
        strip = axis.strip(one)
        assert (dot(strip) > line(strip)) == (one.effect > one.threshold)
        assert ('class="dot far"' in strip) == one.drifted


def test_ten_times_is_a_decade_from_the_line(one) -> None:
    axis = effect_axis([one])
    assert axis.place(10) - axis.place(1) == pytest.approx(axis.place(1) - axis.place(0.1))
    assert axis.place(0) == axis.place(0.05) == 0


def test_infinite_and_undefined_effects_have_a_place(one) -> None:
    axis = effect_axis([replace(one, effect=math.inf)])
    assert axis.place(math.inf) == 100
    assert axis.place(math.nan) == 0


def test_without_a_threshold_any_effect_counts(one) -> None:
    assert effect_ratio(replace(one, threshold=0.0)) == math.inf
    assert effect_ratio(replace(one, threshold=0.0, effect=0.0)) == 0
