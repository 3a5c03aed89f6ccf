from __future__ import annotations

import re

import numpy as np
import pytest

from driftwheel.report.charts.outlier_chart import outlier_chart


def heights(svg: str) -> list[float]:
    path = re.search(r'<path d="([^"]+)"', svg).group(1)
    return [118 - float(y) for y in re.findall(r"L[\d.]+ ([\d.]+)H", path)]


def test_unusual_images_stand_at_the_left() -> None:
    bars = heights(outlier_chart(np.full(100, 0.01)))
    assert bars[0] == pytest.approx(104)
    assert max(bars[1:]) == 0


def test_no_change_stays_inside_the_band() -> None:
    svg = outlier_chart((np.arange(1000) + 0.5) / 1000)
    zone = re.search(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)" class="zone"', svg)
    top, height = map(float, zone.groups())
    assert all(top <= 118 - bar <= top + height for bar in heights(svg))
