"""Where one arrives: what needs a person now, and every model with its verdicts and its volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from driftwheel.alerts.episode import is_snoozed
from driftwheel.monitors.monitor import SEVERITIES, Severity
from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import count, several
from driftwheel.report.printable import printable
from driftwheel.services.access.authorise import allows
from driftwheel.services.browse.describe_first_steps import describe_first_steps
from driftwheel.services.browse.describe_models import ModelSummary, describe_models
from driftwheel.services.watch.watch_model import OpenAlert, open_alerts
from driftwheel.store.engine.database import reading
from driftwheel.store.records.records import count_received
from driftwheel.store.windows.verdict_answers import WindowAnswer, last_answers
from driftwheel.web.pages.alerts.alert_acts import TOLD, AlertActs, acts_of
from driftwheel.web.pages.models.heat_map import ANSWER_WORDS, answer_class
from driftwheel.web.pages.models.model_sentence import span_words
from driftwheel.web.pages.models.models import STATE_WORDS, StateWords
from driftwheel.web.pages.models.watch_sentence import headline_rest
from driftwheel.web.pages.models.watch_view import window_moment, window_words
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.snippets import log_snippet
from driftwheel.web.pages.sparkline import Volume, volume_bars
from driftwheel.web.pages.wheel.open_turns import open_turns
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State
from driftwheel.wheel.turn_step import WAITS_FOR_PEOPLE

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SHOWN = 12  # alerts that are listed one by one


@dataclass(frozen=True, slots=True)
class _Need:
    """One thing that needs a person: an alert has `acts`, a model that is not watched a page to `mend` it."""

    model: str
    severity: str
    segment: str
    wrong: str
    since: datetime | None
    day: bool
    rest: str
    see: str
    acts: AlertActs | None
    mend: str = ""


@dataclass(frozen=True, slots=True)
class _Card:
    """One model; `word` and `tone` are of the newest verdict, or of its state where it has none."""

    name: str
    path: str
    task: str
    word: str
    tone: str
    said: str
    when: Markup | None
    n: int | None
    alerts: int
    verdicts: Markup | None
    volumes: Markup
    first: datetime
    last_start: datetime
    day: bool
    span: str
    records: int
    rejected: int
    last: datetime | None


@router.get("/", dependencies=[permit("logged-in")])
def _show_overview(request: Request, state: State, caller: Caller) -> Response:
    """Show what needs a person and how every model is; or why there is nothing to see."""
    if not allows(caller, "read") and allows(caller, "annotate"):
        return RedirectResponse("/annotate", 303)
    if not allows(caller, "read"):
        return render(request, "nothing_here.html.j2")
    now = state.clock()
    may_begin = allows(caller, "edit-models") and caller.models is None
    with reading(state.engine) as connection:
        begun = describe_first_steps(connection, now) if may_begin else None
        if begun is not None and begun.wanted and begun.model is None:
            return RedirectResponse("/start", 303)
        summaries = [
            one
            for one in describe_models(connection, now)
            if caller.models is None or one.model.name in caller.models
        ]
        seen = None if caller.models is None else [one.model.key for one in summaries]
        waiting = count_received(connection, seen)
        alerts = {one.model.key: open_alerts(connection, one.model.key) for one in summaries}
        answers = {
            one.model.key: last_answers(connection, one.model.key, since=one.volumes[0].start)
            for one in summaries
        }
    needs = _needs(summaries, alerts, now, may=allows(caller, "edit-models"))
    turns = open_turns(state.engine, {one.model.name for one in summaries}, now)
    quiet = sum(
        one.episode.acknowledged is not None or is_snoozed(one.episode, now)
        for each in alerts.values()
        for one in each
    )
    return render(
        request,
        "start/overview.html.j2",
        first_steps=begun if begun is not None and begun.wanted else None,
        needs=needs[:_SHOWN],
        more=max(0, len(needs) - _SHOWN),
        urgent=any(one.severity == "critical" for one in needs),
        quiet=quiet,
        waiting_turns=[one for one in turns if one.turn.waits in WAITS_FOR_PEOPLE],
        turns={one.it.model: one for one in turns},
        unsettled=[
            printable(one.model.name)
            for one in summaries
            if not alerts[one.model.key] and _ends_with_drift(answers[one.model.key])
        ],
        waiting=waiting,
        cards=sorted(
            (_card(one, answers[one.model.key], alerts[one.model.key]) for one in summaries),
            key=lambda card: (-card.alerts, card.name),
        ),
        snippet=log_snippet(str(request.base_url).rstrip("/"), "pets", "classification"),
        done=TOLD.get(request.query_params.get("told", ""), ""),
        wrong="",
    )


def _ends_with_drift(answers: Sequence[WindowAnswer]) -> bool:
    return bool(answers) and answers[-1].answer == "drift"


def _needs(
    summaries: Sequence[ModelSummary], alerts: Mapping[int, Sequence[OpenAlert]], now: datetime, *, may: bool
) -> list[_Need]:
    """Return alerts that nobody has taken on, the gravest first, then models that cannot be watched."""
    found: list[tuple[int, datetime, _Need]] = []
    for summary in summaries:
        path = f"/models/{quote(summary.model.name, safe='')}"
        day = summary.model.window != "hour"
        for group in _groups(alerts[summary.model.key], now):
            first = group[0].episode
            need = _need(summary.model.name, group, now, day=day, may=may)
            found.append((-SEVERITIES.index(first.severity), first.began, need))
        words, wanted = STATE_WORDS[summary.state], _STATES.get(summary.state)
        if wanted is not None:
            severity, mend = wanted
            mend = mend if may else ""
            need = _Need(summary.model.name, severity, "", words.meaning, None, day, "", path, None, mend)
            found.append((-SEVERITIES.index(severity), now, need))
    return [need for _, _, need in sorted(found, key=lambda one: (one[0], -one[1].timestamp(), one[2].model))]


def _groups(alerts: Sequence[OpenAlert], now: datetime) -> list[list[OpenAlert]]:
    """Return what nobody has taken on and nothing explains: that of a segment goes with that of the whole."""
    groups: dict[tuple[str, str, str], list[OpenAlert]] = {}
    for one in alerts:
        episode = one.episode
        taken = episode.acknowledged is not None or is_snoozed(episode, now)
        if taken or episode.inhibited_by is not None:
            continue
        whole = (episode.name, "", "")
        its = whole if whole in groups else (episode.name, episode.tag, episode.value)
        groups.setdefault(its, []).append(one)
    return list(groups.values())


_STATES: Mapping[str, tuple[Severity, str]] = {
    "no reference": ("info", "reference"),
    "reference failed": ("warning", "reference"),
}


def _need(model: str, group: Sequence[OpenAlert], now: datetime, *, day: bool, may: bool) -> _Need:
    episode, entry = group[0].episode, group[0].entry
    wrong = f"The monitor {episode.name} fires." if entry is None else entry.wrong
    rest = []
    if entry is not None:
        if entry.segments:
            rest.append(f"Carried by {', '.join(one.replace('=', ' = ', 1) for one in entry.segments[:3])}.")
        rest.append(f"n = {count(entry.n)}.")
    return _Need(
        model,
        episode.severity,
        printable(f"{episode.tag} = {episode.value}") if episode.tag else "",
        printable(wrong),
        episode.began,
        day,
        printable(" ".join(rest)),
        f"/alerts/{episode.key}",
        acts_of(group, now, may=may),
    )


def _card(summary: ModelSummary, answers: Sequence[WindowAnswer], alerts: Sequence[OpenAlert]) -> _Card:
    model = summary.model
    newest = answers[-1] if answers else None
    words = STATE_WORDS[summary.state]
    word, tone, said = words.word, words.tone, words.meaning
    if newest is not None and newest.answer != "no_reference":
        word, tone = _word(newest, words)
        said = headline_rest(newest.headline)
    return _Card(
        model.name,
        f"/models/{quote(model.name, safe='')}",
        model.task,
        word,
        tone,
        printable(said),
        None if newest is None else window_moment(newest.start, model.window),
        None if newest is None else newest.n,
        len(alerts),
        _strip(summary, answers) if answers else None,
        volume_bars([Volume(v.start, v.records, v.rejected, v.stale) for v in summary.volumes], model.window),
        summary.volumes[0].start,
        summary.volumes[-1].start,
        model.window != "hour",
        span_words(summary),
        summary.records,
        summary.rejected,
        summary.last,
    )


def _word(newest: WindowAnswer, words: StateWords) -> tuple[str, str]:
    tone = {"drift": "bad", "no_drift": "ok"}.get(
        newest.answer, "warn" if newest.answer == "error" else "quiet"
    )
    return ANSWER_WORDS.get(newest.answer, words.word), tone


def _strip(summary: ModelSummary, answers: Sequence[WindowAnswer]) -> Markup:
    """Return the verdicts of the last windows as a row of fields, the newest at the right."""
    by_start = {one.start: one for one in answers}
    step = 1000 / len(summary.volumes)
    parts = []
    for at, volume in enumerate(summary.volumes):
        one = by_start.get(volume.start)
        when = window_words(volume.start, summary.model.window)
        told = f"{when}: not judged" if volume.records else f"{when}: no images"
        kind = "none"
        if one is not None:
            told = f"{when}: {ANSWER_WORDS[one.answer]}, n = {count(one.n)}"
            kind = answer_class(one.answer)
        field = element("rect", x=at * step, y=0, width=step * 0.84, height=16, class_=kind)
        parts.append(Markup("<g><title>{}</title>{}</g>").format(told, field))
    drifts = sum(one.answer == "drift" for one in answers)
    title = f"Verdicts: drift in {drifts} of {several(len(answers), summary.model.window)} judged"
    return Markup(
        '<svg class="verdicts" viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(title, Markup().join(parts))
