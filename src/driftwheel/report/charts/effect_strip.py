"""How far each property moved, in multiples of what would count: a strip a row, on one logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from driftwheel.drift.verdict import PropertyDrift
from driftwheel.report.charts.svg import element

__all__ = ["EffectAxis", "effect_axis", "effect_ratio"]

_LOW = 0.1


class EffectAxis:
    """The axis all strips share: 0.1 × the threshold at the left, at least 10 × at the right."""

    def __init__(self, ratios: Sequence[float]) -> None:
        finite = [each for each in ratios if math.isfinite(each)]
        self._decades = max(1, math.ceil(math.log10(max([*finite, 10.0])) - 1e-9)) + 1

    def place(self, ratio: float) -> float:
        """Return a place in per cent for an effect of so many thresholds."""
        if math.isnan(ratio) or ratio <= _LOW:
            return 0.0
        return 100 * min((math.log10(min(ratio, 1e300)) + 1) / self._decades, 1.0)

    def heading(self) -> Markup:
        """Return the labels of the axis as one strip."""
        parts = []
        for power in range(-1, self._decades):
            place = self.place(10.0**power)
            label = "counts" if power == 0 else f"{10.0**power:,g} ×"
            anchor = "start" if power == -1 else "end" if power == self._decades - 1 else "middle"
            parts.append(
                element(
                    "text",
                    label,
                    x=f"{place:.2f}%",
                    y=13,
                    text_anchor=anchor,
                    class_="head" if power == 0 else "tick",
                )
            )
        return _strip(parts)

    def strip(self, one: PropertyDrift) -> Markup:
        """Return a property's strip: its effect, a dot hollow unless it drifted, and the line."""
        ratio = effect_ratio(one)
        line, dot = self.place(1.0), self.place(ratio)
        class_ = "far" if one.drifted else "near"
        parts = [element("rect", x=0, y=3, width=f"{line:.2f}%", height=14, class_="zone")]
        start = line if ratio > 1 else 0.0
        parts.append(
            element("line", x1=f"{start:.2f}%", x2=f"{dot:.2f}%", y1=10, y2=10, class_=f"stem {class_}")
        )
        parts.append(element("line", x1=f"{line:.2f}%", x2=f"{line:.2f}%", y1=0, y2=20, class_="line"))
        parts.append(element("circle", cx=f"{dot:.2f}%", cy=10, r=4, class_=f"dot {class_}"))
        return _strip(parts)


def effect_axis(properties: Sequence[PropertyDrift]) -> EffectAxis:
    """Return the axis that holds all these effects."""
    return EffectAxis([effect_ratio(one) for one in properties])


def effect_ratio(one: PropertyDrift) -> float:
    """Return the effect in multiples of its threshold."""
    if one.threshold > 0:
        return one.effect / one.threshold
    return math.inf if one.effect > 0 else 0.0


def _strip(parts: list[Markup]) -> Markup:
    return Markup('<svg class="strip" width="100%" height="20" aria-hidden="true">{}</svg>').format(
        Markup().join(parts)
    )
