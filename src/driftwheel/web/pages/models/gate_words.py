"""What a gate run says, in words, and its intervals as drawings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.performance.gate import GateCheck
from driftwheel.report.charts.svg import drawing, element, number
from driftwheel.report.numbers import count, quantity, several, share
from driftwheel.services.release.describe_registry import NamedRun
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.web.pages.rendering import file_size

__all__ = [
    "DECISIONS",
    "CheckRow",
    "GateSentence",
    "check_rows",
    "cost_rows",
    "gate_sentence",
    "points",
]

DECISIONS = {
    "promote": ("let in", "ok"),
    "refuse": ("kept out", "bad"),
    "label_more": ("cannot tell yet", "warn"),
}
"""Decision → its word, and its tone."""

_STATES = {
    "passed": ("shown", "ok"),
    "failed": ("not so", "bad"),
    "open": ("cannot tell", "warn"),
    "skipped": ("too few", "quiet"),
}
_WIDTH, _HEIGHT = 220.0, 22.0


@dataclass(frozen=True, slots=True)
class GateSentence:
    """The answer first.

    Attributes
    ----------
    tone
        Of the box it stands in.
    lead, rest
        What was decided, and why.
    """

    tone: str
    lead: str
    rest: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A comparison of accuracies, as a row."""

    what: str
    group: str
    word: str
    tone: str
    n: str
    champion: str
    challenger: str
    difference: str
    interval: str
    picture: Markup
    p_value: float
    alpha: float
    note: str


def gate_sentence(named: NamedRun) -> GateSentence:
    """Return the answer of a run, in a sentence or two."""
    run, challenger, champion = named.run, named.challenger, named.champion
    if run.state == "waiting":
        return GateSentence(
            "note", f"{challenger} waits at the gate.", "A worker compares it with the champion soon."
        )
    if run.state == "failed":
        return GateSentence("bad", f"{challenger} could not be compared.", run.reason or "")
    numbers = GateNumbers.from_json(run.numbers or {})
    if run.decision == "promote":
        return GateSentence("ok", f"{challenger} is better.", _why_better(numbers, champion))
    if run.decision == "refuse":
        return GateSentence("bad", f"{challenger} is kept out.", _why_not(numbers))
    lacking = [one for one in numbers.checks if one.more]
    wanted = "; ".join(f"{several(one.more, 'label')} of {one.group}" for one in lacking)
    return GateSentence(
        "warn", "It cannot be told yet.", f"It lacks some {wanted}." if wanted else "It lacks labels."
    )


def check_rows(checks: Sequence[GateCheck]) -> list[CheckRow]:
    """Return the comparisons of accuracies, all drawn to one scale."""
    shown = [one for one in checks if one.asked not in {"latency", "size"}]
    ends = [end for one in shown if one.n for end in (one.low, one.high, one.limit)]
    room = 0.04 * (max(ends, default=0.0) - min(ends, default=0.0))
    scale = min([-0.02, *ends]) - room, max([0.02, *ends]) + room
    return [_row(one, scale) for one in shown]


def cost_rows(checks: Sequence[GateCheck]) -> list[tuple[str, str, str, str, str, str]]:
    """Return what the versions cost: what, champion, challenger, at most, the word, its tone."""
    rows = []
    for one in checks:
        if one.asked == "latency":
            what, words = "Time for one image, median", _milliseconds
        elif one.asked == "size":
            what, words = "Size of the file", _size
        else:
            continue
        word, tone = ("within bounds", "ok") if one.state == "passed" else ("too much", "bad")
        rows.append((what, words(one.champion), words(one.challenger), words(one.limit), word, tone))
    return rows


def points(value: float) -> str:
    """Return a difference of accuracies in points, with its sign.

    Examples
    --------
    >>> points(0.123), points(-0.02), points(0.0)
    ('+12.3', '−2.0', '0.0')
    """
    if not math.isfinite(value):
        return "–"
    rounded = round(100 * value, 1)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded):.1f}"


def _why_better(numbers: GateNumbers, champion: str) -> str:
    first = next((one for one in numbers.checks if one.asked == "better"), None)
    if first is None:
        return ""
    return (
        f"On {count(first.n)} images of {first.group} it is right {share(first.challenger)} of the time, "
        f"{champion} {share(first.champion)}: {points(first.difference)} points, and at least "
        f"{points(first.low)} are shown. Nowhere does it lose more than is allowed."
    )


def _why_not(numbers: GateNumbers) -> str:
    failed = [one for one in numbers.checks if one.state == "failed"]
    told = []
    for one in failed[:3]:
        match one.asked:
            case "latency":
                told.append(
                    f"it takes {_milliseconds(one.challenger)} for an image, at most "
                    f"{_milliseconds(one.limit)} are allowed"
                )
            case "size":
                told.append(f"its file has {_size(one.challenger)}, at most {_size(one.limit)} are allowed")
            case "better":
                told.append(
                    f"on {count(one.n)} images of {one.group} it is no better "
                    f"({points(one.difference)} points)"
                )
            case _:
                told.append(
                    f"on {count(one.n)} images of {one.group} it is not shown to lose less than "
                    f"{points(-one.limit).lstrip('+')} points ({points(one.difference)})"
                )
    if len(failed) > 3:
        told.append(f"and {len(failed) - 3} more")
    sentence = "; ".join(told)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _row(check: GateCheck, scale: tuple[float, float]) -> CheckRow:
    word, tone = _STATES[check.state]
    what = {
        "better": "better",
        "not_worse": f"loses less than {100 * -check.limit:g} points",
        "segment_not_worse": f"loses less than {100 * -check.limit:g} points",
    }[check.asked]
    note = ""
    if check.more:
        note = f"about {several(check.more, 'label')} more"
    elif check.state == "failed" and check.asked == "better" and check.high > 0:
        note = "a gain worth having would have been seen"
    return CheckRow(
        what,
        check.group,
        word,
        tone,
        count(check.n),
        share(check.champion) if check.n else "–",
        share(check.challenger) if check.n else "–",
        points(check.difference),
        f"{points(check.low)} to {points(check.high)}" if check.n else "–",
        _picture(check, scale),
        check.p_value,
        check.alpha,
        note,
    )


def _picture(check: GateCheck, scale: tuple[float, float]) -> Markup:
    """Return the interval of the difference, with the line that it must lie beyond."""
    if not check.n:
        return Markup()

    def place(value: float) -> float:
        return (value - scale[0]) / (scale[1] - scale[0]) * _WIDTH

    middle = _HEIGHT / 2
    parts = [
        element("path", d=f"M0 {number(middle)}H{number(_WIDTH)}", class_="rail"),
        element("path", d=f"M{number(place(0))} 3V{number(_HEIGHT - 3)}", class_="zero"),
        element("path", d=f"M{number(place(check.limit))} 0V{number(_HEIGHT)}", class_="limit"),
        element(
            "path",
            d=f"M{number(place(check.low))} {number(middle)}H{number(place(check.high))}",
            class_=f"reach {_STATES[check.state][1]}",
        ),
        element(
            "circle", cx=place(check.difference), cy=middle, r=4, class_=f"spot {_STATES[check.state][1]}"
        ),
    ]
    words = (
        f"{points(check.difference)} points, {points(check.low)} to {points(check.high)}; "
        f"the line is at {points(check.limit)}"
    )
    return drawing(int(_WIDTH), int(_HEIGHT), words, parts, "gate-interval")


def _milliseconds(value: float) -> str:
    return quantity(1000 * value, "ms")


def _size(value: float) -> str:
    return file_size(int(value))
