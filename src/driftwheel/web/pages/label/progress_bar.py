"""How far work has come, as a bar: done, and what waits for a person."""

from __future__ import annotations

from markupsafe import Markup

from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import count

__all__ = ["progress_bar"]


def progress_bar(done: int, total: int, waiting: int = 0, *, what: str = "images labelled") -> Markup:
    """Return a bar of `done` among `total`; `waiting` of the done ones are drawn apart.

    Examples
    --------
    >>> "50 of 200 images labelled" in progress_bar(50, 200)
    True
    """
    said = f"{count(done)} of {count(total)} {what}"
    if waiting:
        said += f", {count(waiting)} wait for a person"
    whole = max(total, 1)
    sure, held = 100 * max(done - waiting, 0) / whole, 100 * min(waiting, done) / whole
    parts = [
        element("title", said),
        element("rect", width="100%", height="8", rx="4", class_="rest"),
        element("rect", width=f"{sure + held:.2f}%", height="8", rx="4", class_="held" if held else "done"),
    ]
    if held and sure:
        parts.append(element("rect", width=f"{sure:.2f}%", height="8", rx="4", class_="done"))
    drawn = Markup().join(parts)
    return Markup('<svg class="progress" role="img" aria-label="{}">{}</svg>').format(said, drawn)
