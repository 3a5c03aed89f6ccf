"""How many records came in each window: a row of bars, small for a list and large for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import count, several

__all__ = ["Volume", "sparkline", "volume_bars"]


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
    return Markup(
        '<svg class="spark" viewBox="0 0 132 28" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(title, Markup().join([element("title", title), *parts]))


def volume_bars(volumes: Sequence[Volume], per: str) -> Markup:
    """Return bars at full width, without a scale: unreadable images in red on top, pale where stale."""
    most = max((each.records + each.rejected for each in volumes), default=0)
    step = 1000 / max(len(volumes), 1)
    parts = []
    for at, each in enumerate(volumes):
        tall, red = (38 * n / max(most, 1) for n in (each.records, each.rejected))
        kind = "bar stale" if each.stale else "bar"
        width = step * 0.84
        said = f"{each.start:%Y-%m-%d %H:%M} UTC: {several(each.records, 'record')}"
        if each.rejected:
            said += f", {count(each.rejected)} cannot be read"
        bars = [element("title", said)]
        if each.records:
            bars.append(element("rect", x=at * step, y=38 - tall, width=width, height=tall, class_=kind))
        else:
            bars.append(element("rect", x=at * step, y=37, width=width, height=1, class_="none"))
        if each.rejected:
            top = 38 - tall - red
            bars.append(element("rect", x=at * step, y=top, width=width, height=red, class_="rejected"))
        parts.append(Markup("<g>{}</g>").format(Markup().join(bars)))
    total = sum(each.records for each in volumes)
    title = f"{several(total, 'record')} in {several(len(volumes), per)}, at most {count(most)} in one"
    return Markup(
        '<svg class="volumes-only" viewBox="0 0 1000 38" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(title, Markup().join(parts))
