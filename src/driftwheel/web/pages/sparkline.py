"""How many records came in each window: a row of bars, small for a list and large for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from driftwheel.report.charts.svg import drawing, element, text
from driftwheel.report.numbers import count, several

__all__ = ["Volume", "sparkline", "volume_chart"]


@dataclass(frozen=True, slots=True)
class Volume:
    """One window: when it started, records in it, images rejected, and whether more have come since."""

    start: datetime
    records: int
    rejected: int = 0
    stale: bool = False


def sparkline(volumes: Sequence[Volume], per: str) -> Markup:
    """Return bars of up to 30 windows, oldest first; `per` is ``hour``, ``day`` or ``week``.

    An hour without records is an empty place: pass a `Volume` of none for it.
    """
    total = sum(each.records for each in volumes)
    title = f"{several(total, 'record')} in {several(len(volumes), per)}"
    most = max((each.records for each in volumes), default=0)
    width = 132 / max(len(volumes), 1)
    parts = []
    for at, each in enumerate(volumes):
        height = max(1.5, 26 * each.records / most) if each.records else 1.0
        kind = "none" if not each.records else "bar stale" if each.stale else "bar"
        gap = 1.0 if width > 3 else 0.4
        parts.append(
            element("rect", x=at * width, y=28 - height, width=width - gap, height=height, class_=kind)
        )
    return drawing(132, 28, title, parts, "spark")


def volume_chart(volumes: Sequence[Volume], per: str) -> Markup:
    """Return the same at full width, with its scale, its ends named, and rejected images in red on top."""
    wide, high, foot = 760, 112, 94
    most = max((each.records + each.rejected for each in volumes), default=0) or 1
    total = sum(each.records for each in volumes)
    rejected = sum(each.rejected for each in volumes)
    step = (wide - 52) / max(len(volumes), 1)
    parts = [
        element("line", x1=48, x2=wide, y1=foot + 0.5, y2=foot + 0.5, class_="axis"),
        element("line", x1=48, x2=wide, y1=8.5, y2=8.5, class_="axis"),
        text(42, 12, count(most), "end"),
        text(42, foot + 3, "0", "end"),
    ]
    for at, each in enumerate(volumes):
        left, width = 52 + at * step, max(1.0, min(step - 2, 40))
        tall = 85 * each.records / most
        red = 85 * each.rejected / most
        came = several(each.records, "record")
        said = f"{each.start:%Y-%m-%d %H:%M} UTC: {came}, {count(each.rejected)} cannot be read"
        inner = [element("title", said)]
        if each.records:
            kind = "bar stale" if each.stale else "bar"
            inner.append(element("rect", x=left, y=foot - tall, width=width, height=tall, class_=kind))
        if each.rejected:
            inner.append(
                element("rect", x=left, y=foot - tall - red, width=width, height=red, class_="rejected")
            )
        parts.append(Markup("<g>{}</g>").format(Markup().join(inner)))
    if volumes:
        form = "%b %-d, %H:%M" if per == "hour" else "%b %-d"
        parts.append(text(52, high - 2, f"{volumes[0].start:{form}}"))
        if len(volumes) > 1:
            end = min(wide, 52 + len(volumes) * step)
            parts.append(text(end, high - 2, f"{volumes[-1].start:{form}}", "end"))
    counted = f"{several(total, 'record')}, {several(rejected, 'image')} that cannot be read"
    title = f"{counted}, in {several(len(volumes), per)}"
    return drawing(wide, high, title, parts, "volume")
