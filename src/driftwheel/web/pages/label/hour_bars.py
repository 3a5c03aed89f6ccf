"""Answers an hour, as bars with their scale and their times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from markupsafe import Markup

from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import count, several
from driftwheel.web.pages.rendering import moment
from driftwheel.web.pages.time_chart import top_of

__all__ = ["hour_bars"]

_WIDTH, _HEIGHT = 1000.0, 100.0


def hour_bars(hours: Mapping[datetime, int]) -> Markup:
    """Return a bar for each hour, the oldest first; the last one is paler, as its hour is not over."""
    top = top_of(max(hours.values(), default=0))
    step = _WIDTH / max(len(hours), 1)
    parts = []
    for at, (start, n) in enumerate(hours.items()):
        tall = _HEIGHT * n / top
        kind = "bar stale" if at == len(hours) - 1 else "bar"
        title = element("title", f"{start:%Y-%m-%d %H:%M} UTC: {several(n, 'answer')}")
        bar = (
            element("rect", x=at * step + 2, y=_HEIGHT - tall, width=step - 4, height=tall, class_=kind)
            if n
            else element("rect", x=at * step + 2, y=_HEIGHT - 1, width=step - 4, height=1, class_="none")
        )
        parts.append(Markup("<g>{}{}</g>").format(title, bar))
    said = f"{several(sum(hours.values()), 'answer')} in {several(len(hours), 'hour')}"
    svg = Markup(
        '<svg class="volume" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(said, Markup().join(parts))
    starts = list(hours)
    ends = (starts[0], starts[len(starts) // 2], starts[-1]) if starts else ()
    said_ends = Markup().join(Markup("<span>{}</span>").format(moment(one, "hour")) for one in ends)
    return Markup(
        '<div class="volumes"><div class="scale" aria-hidden="true"><span>{}</span><span>0</span></div>{}'
        '<div class="ends">{}</div></div>'
    ).format(count(int(top)) if top >= 1 else top, svg, said_ends)
