from __future__ import annotations

import math
import re
from dataclasses import replace

from driftwheel.report.charts.chance_meter import chance_meter


def needle(svg: str) -> float:
    return float(re.search(r'd="M([\d.]+) ', svg).group(1))


def line(svg: str) -> float:
    return float(re.search(r'x1="([\d.]+)" x2="\1"', svg).group(1))


def test_the_needle_passes_the_line_exactly_when_the_evidence_does(checks) -> None:
    verdict = checks["blur"].verdict
    for p in (1.0, 0.4, 0.01, verdict.alpha * 1.2, verdict.alpha / 1.2, 1e-4, 0.0):
        svg = chance_meter(replace(verdict, p_value=p))
        assert (needle(svg) > line(svg)) == (p < verdict.alpha)
        assert ("needle far" in svg) == (p <= verdict.alpha)


def test_a_strict_dial_still_fits(checks) -> None:
    svg = chance_meter(replace(checks["blur"].verdict, alpha=1e-6, p_value=1e-9))
    assert line(svg) < needle(svg) <= 300


def test_nothing_tested_nothing_drawn(checks) -> None:
    assert chance_meter(replace(checks["blur"].verdict, p_value=math.nan)) == ""
