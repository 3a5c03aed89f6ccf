"""How unusual the current images are: their conformal p-values, evenly spread when nothing changed."""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from driftwheel.report.charts.svg import drawing, element, steps, text
from driftwheel.report.numbers import several, share

__all__ = ["outlier_chart"]

_WIDTH, _LEFT, _RIGHT, _TOP, _BASE, _BINS = 360, 12, 6, 14, 118, 20


def outlier_chart(p_values: NDArray[np.floating]) -> Markup:
    """Return the histogram of (m,) conformal p-values of *all* current images, with the band chance fills.

    The band holds each bar in 95 % of comparisons without change: 1/20 of the images, plus and minus 1.96
    binomial standard deviations.
    """
    m = len(p_values)
    shares = np.histogram(p_values, np.linspace(0.0, 1.0, _BINS + 1))[0] / max(m, 1)
    flat = 1 / _BINS
    spread = 1.96 * math.sqrt(flat * (1 - flat) / max(m, 1))
    top = max(float(shares.max()), flat + spread)

    def y(value: float) -> float:
        return _BASE - max(value, 0.0) / top * (_BASE - _TOP)

    x = [_LEFT + i / _BINS * (_WIDTH - _LEFT - _RIGHT) for i in range(_BINS + 1)]
    high, low = y(flat + spread), y(flat - spread)
    parts = [
        element("rect", x=_LEFT, y=high, width=_WIDTH - _LEFT - _RIGHT, height=low - high, class_="zone"),
        element("path", d=steps(x, [y(float(s)) for s in shares], _BASE), class_="cur"),
        element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y(flat), y2=y(flat), class_="line"),
        text(_WIDTH - _RIGHT, high - 4, "without change", "end"),
        element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_BASE, y2=_BASE, class_="axis"),
        element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_TOP, y2=_TOP, class_="grid"),
        text(0, _TOP - 3, f"{share(top)} of images"),
        text(_LEFT - 4, _BASE, "0", "end"),
    ]
    for value, anchor in ((0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1, "end")):
        parts.append(text(_LEFT + value * (_WIDTH - _LEFT - _RIGHT), _BASE + 14, f"{value:g}", anchor))
    parts.append(
        text((_LEFT + _WIDTH) / 2, _BASE + 30, "p-value of an image: unusual left, usual right", "middle")
    )
    title = f"How unusual the current images are: {several(m, 'image')} by conformal p-value"
    return drawing(_WIDTH, _BASE + 36, title, parts)
