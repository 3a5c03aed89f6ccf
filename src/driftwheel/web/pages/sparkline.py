"""How many records came in each window: a row of bars, small for a list and large for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from driftwheel.report.charts.svg import element
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
    return Markup(
        '<svg class="spark" viewBox="0 0 132 28" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(title, Markup().join([element("title", title), *parts]))


def volume_chart(volumes: Sequence[Volume], per: str, addresses: Sequence[str]) -> Markup:
    """Return the same at full width: its scale, its ends in UTC, and unreadable images in red on top.

    Each bar leads to the address of its window.
    """
    most = max((each.records + each.rejected for each in volumes), default=0) or 1
    step = 1000 / max(len(volumes), 1)
    parts = [
        _volume(each, address, at * step, step, most)
        for at, (each, address) in enumerate(zip(volumes, addresses, strict=True))
    ]
    total = sum(each.records for each in volumes)
    unreadable = sum(each.rejected for each in volumes)
    counted = f"{several(total, 'record')}, {several(unreadable, 'image')} that cannot be read"
    title = f"{counted}, in {several(len(volumes), per)}"
    form = "%b %-d, %H:%M" if per == "hour" else "%b %-d"
    ends = [f"{each.start:{form}}" for each in (volumes[0], volumes[len(volumes) // 2], volumes[-1])]
    svg = Markup(
        '<svg class="volume" viewBox="0 0 1000 100" preserveAspectRatio="none" role="group" '
        'aria-label="{}">{}</svg>'
    ).format(title, Markup().join(parts))
    said = Markup().join(Markup("<span>{}</span>").format(end) for end in ends)
    return Markup(
        '<div class="volumes"><div class="scale"><span>{}</span><span>0</span></div>{}'
        '<div class="ends">{}</div></div>'
    ).format(count(most), svg, said)


def _volume(each: Volume, address: str, left: float, step: float, most: int) -> Markup:
    tall, red = (92 * n / most for n in (each.records, each.rejected))
    came = several(each.records, "record")
    said = f"{each.start:%Y-%m-%d %H:%M} UTC: {came}, {count(each.rejected)} cannot be read"
    width = step * 0.86
    inner = [
        element("title", said),
        element("rect", x=left, y=0, width=step, height=100, class_="hit"),
    ]
    if each.records:
        kind = "bar stale" if each.stale else "bar"
        inner.append(element("rect", x=left, y=100 - tall, width=width, height=tall, class_=kind))
    if each.rejected:
        top = 100 - tall - red
        inner.append(element("rect", x=left, y=top, width=width, height=red, class_="rejected"))
    if not (each.records or each.rejected or each.stale):
        return Markup("<g>{}</g>").format(Markup().join(inner))
    return Markup('<a href="{}" aria-label="{}">{}</a>').format(address, said, Markup().join(inner))
