"""Properties × windows, coloured by how far each lies from the reference; verdicts and alerts on top."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from markupsafe import Markup, escape

from driftwheel.alerts.episode import Episode
from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.monitors.observation import Observation
from driftwheel.report.numbers import count, p_statement, share, sigmas
from driftwheel.report.property_words import PropertyWords, property_words
from driftwheel.report.ranking import SIGNS
from driftwheel.services.watch.watch_model import Watch, WatchedWindow
from driftwheel.store.windows.verdicts import Answer
from driftwheel.web.pages.models.watch_view import WatchView, window_words
from driftwheel.web.pages.rendering import moment

__all__ = ["ANSWER_WORDS", "answer_class", "effect_words", "heat_map", "order_of", "properties_of"]

ANSWER_WORDS: dict[Answer, str] = {
    "drift": "drift",
    "no_drift": "no drift",
    "insufficient": "too few images to say",
    "no_reference": "no reference",
    "error": "not judged",
}

_LABELS = 5  # along the axis of time


def properties_of(watch: Watch) -> tuple[str, ...]:
    """Return the properties that any window was compared in, in the order they are measured in."""
    seen = {name: None for one in watch.windows for name in one.observations if name.startswith("property.")}
    known = (name.removeprefix("property.") for name in seen)
    return tuple(name for name in known if any(_of(one, name) for one in watch.windows))


def order_of(watch: Watch, fault: str = "") -> list[str]:
    """Return properties, those that moved most first; the plain signs of a named fault lead them."""
    signs = SIGNS.get(fault, ())

    def place(name: str) -> tuple[int, float]:
        seen = [one for one in (_of(each, name) for each in watch.windows) if one is not None]
        counts = any(one.judged for one in seen)
        first = signs.index(name) if counts and name in signs else len(signs)
        return (first if counts else len(signs) + 1, -max((_ratio(one) for one in seen), default=0.0))

    return sorted(properties_of(watch), key=place)


def effect_words(words: PropertyWords, value: float | None) -> str:
    """Return an effect with its unit: σ, or of a category the share of images that moved."""
    if value is None:
        return sigmas(math.inf)
    return share(value) if words.kind == "category" else sigmas(value)


def heat_map(watch: Watch, view: WatchView, names: Sequence[str]) -> Markup:
    """Return the table; a cell leads to the page that looks into it."""
    windows = watch.windows
    rows = [_answers(watch, view)]
    if watch.shown:
        rows.append(_alerts(watch))
    rows += [_row(watch, view, name) for name in names]
    step = max(1, math.ceil(len(windows) / _LABELS))
    labels = Markup().join(
        Markup('<td colspan="{}">{}</td>').format(
            min(step, len(windows) - at),
            moment(windows[at].start, "minute" if view.window == "hour" else "short-day")
            if at == 0 or len(windows) - at >= step
            else "",
        )
        for at in range(0, len(windows), step)
    )
    foot = Markup('<tr class="ends"><th></th>{}<td class="n">newest</td></tr>').format(labels)
    dense = " dense" if len(windows) > 30 else ""
    return Markup(
        '<div class="scroll"><table class="heat{}" data-heat data-moved="{}" '
        'aria-label="Drift by property and {}"><tbody>{}</tbody><tfoot>{}</tfoot></table></div>'
    ).format(dense, view.moved, view.window, Markup().join(rows), foot)


def _answers(watch: Watch, view: WatchView) -> Markup:
    cells = []
    to = view.cell()
    for one in watch.windows:
        when = window_words(one.start, view.window)
        if one.verdict is None:
            came = one.window is not None and one.window.records
            why = (
                f"{count(one.window.records)} images, not judged yet" if one.window and came else "no images"
            )
            kind = "wait" if came else "none"
            cells.append(Markup('<td class="{}" title="{}: {}"></td>').format(kind, when, why))
            continue
        verdict = one.verdict
        told = f"{when}: {ANSWER_WORDS[verdict.answer]}, n = {count(verdict.n)}"
        if verdict.p_value is not None:
            told += f", {p_statement(verdict.p_value)}"
        cells.append(
            _link(
                answer_class(verdict.answer),
                to(one.start, ""),
                told,
                on=one.start == view.at and not view.moved,
            )
        )
    newest = next((one.verdict for one in reversed(watch.windows) if one.verdict), None)
    said = "" if newest is None else {"drift": "drift", "no_drift": "none"}.get(newest.answer, "–")
    return Markup('<tr class="answers"><th scope="row">verdict</th>{}<td class="n">{}</td></tr>').format(
        Markup().join(cells), said
    )


def answer_class(answer: Answer) -> str:
    """Return what the field of a verdict is coloured by."""
    return {"drift": "a-drift", "no_drift": "a-ok", "error": "a-error"}.get(answer, "a-few")


def _alerts(watch: Watch) -> Markup:
    """Return a row in which each run of windows with alerts is one bar that leads to the gravest."""
    cells = []
    for episodes, width, since in _runs(watch):
        if not episodes:
            cells.append(Markup('<td colspan="{}" class="none"></td>').format(width))
            continue
        first = min(
            episodes, key=lambda one: (one.inhibited_by is not None, -SEVERITIES.index(one.severity), one.key)
        )
        names = ", ".join(dict.fromkeys(one.name for one in episodes))
        told = f"{count(len(episodes))} {'alert' if len(episodes) == 1 else 'alerts'} from {since}: {names}"
        cells.append(
            Markup('<td colspan="{}" class="alarm-{}"><a href="/alerts/{}" title="{}"></a></td>').format(
                width, first.severity, first.key, told
            )
        )
    body = Markup().join(cells)
    return Markup('<tr class="alarms"><th scope="row">alerts</th>{}<td></td></tr>').format(body)


def _runs(watch: Watch) -> Iterator[tuple[list[Episode], int, str]]:
    """Yield runs of windows with the same alerts: the alerts, how many windows, since when."""
    at = 0
    windows = watch.windows
    while at < len(windows):
        here = _firing(watch, windows[at])
        end = at
        while end < len(windows) and _firing(watch, windows[end]) == here:
            end += 1
        yield here, end - at, window_words(windows[at].start, watch.model.window)
        at = end


def _firing(watch: Watch, window: WatchedWindow) -> list[Episode]:
    return [one for one in watch.shown if one.began < window.end and one.last_breach > window.start]


def _row(watch: Watch, view: WatchView, name: str) -> Markup:
    words = property_words(name)
    to = view.cell()
    cells = [_cell(one, view, to, name, words) for one in watch.windows]
    seen = [one for one in (_of(each, name) for each in watch.windows) if one is not None]
    newest = Markup('<td class="n">–</td>')
    if seen:
        kind = "n bad" if seen[-1].judged else "n"
        newest = Markup('<td class="{}">{}</td>').format(kind, effect_words(words, seen[-1].value))
    body = Markup().join(cells)
    return Markup('<tr><th scope="row">{}</th>{}{}</tr>').format(words.title, body, newest)


def _cell(
    one: WatchedWindow, view: WatchView, to: Callable[[datetime, str], str], name: str, words: PropertyWords
) -> Markup:
    seen = _of(one, name)
    if seen is None:
        return Markup('<td class="none"></td>')
    limit = effect_words(words, seen.high)
    told = (
        f"{words.title}, {window_words(one.start, view.window)}: {effect_words(words, seen.value)}, "
        f"counts above {limit}, n = {count(seen.n)}"
    )
    chosen = view.at == one.start and view.moved == name
    return _link(_level(seen), to(one.start, name), told, on=chosen)


def _link(kind: str, to: str, told: str, *, on: bool) -> Markup:
    """Return a cell; there are many of them, so it is written as plainly as can be."""
    current = ' aria-current="true"' if on else ""
    written = f'<td class="{kind}"><a href="{escape(to)}" title="{escape(told)}"{current}></a></td>'
    return Markup(written)  # noqa: S704  escaped above; `kind` is ours


def _level(seen: Observation) -> str:
    ratio = _ratio(seen)
    if not seen.judged:
        return f"g{min(3, int(4 * ratio))}"
    return f"l{min(5, 1 + int(math.log2(max(1.0, min(ratio, 1e6)))))}"


def _ratio(seen: Observation) -> float:
    if seen.value is None:
        return 1e6
    if not seen.high:
        return 1e6 if seen.value > 0 else 0.0
    return seen.value / seen.high


def _of(window: WatchedWindow, name: str) -> Observation | None:
    return window.observed(f"property.{name}")
