"""The evidence against chance on a logarithmic axis, with the line the one dial sets."""

from __future__ import annotations

import math

from markupsafe import Markup

from driftwheel.drift.verdict import Verdict
from driftwheel.report.charts.svg import drawing, element, text
from driftwheel.report.numbers import odds

__all__ = ["chance_meter"]

_WIDTH, _LEFT, _RIGHT, _BASE = 300, 12, 12, 44


def chance_meter(verdict: Verdict) -> Markup:
    """Return the meter; empty when nothing was tested."""
    if math.isnan(verdict.p_value):
        return Markup()
    decades = max(4, math.ceil(-math.log10(max(verdict.alpha, 1e-9))) + 1)
    least = 10.0**-decades

    def x(p: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * -math.log10(min(max(p, least), 1.0)) / decades

    line, needle = x(verdict.alpha), x(verdict.p_value)
    beyond = verdict.p_value <= verdict.alpha
    parts = [
        element("rect", x=_LEFT, y=_BASE - 10, width=line - _LEFT, height=10, class_="zone"),
        element("rect", x=line, y=_BASE - 10, width=_WIDTH - _RIGHT - line, height=10, class_="alarm"),
        element("line", x1=line, x2=line, y1=_BASE - 16, y2=_BASE + 4, class_="line"),
        text(line, _BASE - 20, f"alarm below {odds(verdict.alpha).removeprefix('about ')}", "middle"),
        element(
            "path",
            d=f"M{needle:.1f} {_BASE - 5}m-6 -9h12l-6 9z",
            class_="needle far" if beyond else "needle near",
        ),
    ]
    for power in range(0, decades + 1, max(2, decades // 2)):
        label = "always" if power == 0 else f"1 in {10**power:,}"
        anchor, place = "middle", x(10.0**-power)
        if power == 0:
            anchor, place = "start", 0.0
        elif power == decades:
            anchor, place = "end", float(_WIDTH)
        parts.append(text(place, _BASE + 17, label, anchor))
    title = f"How often chance alone would give such evidence: in {odds(verdict.p_value)} comparisons"
    return drawing(_WIDTH, _BASE + 22, title, parts, "chart meter")
