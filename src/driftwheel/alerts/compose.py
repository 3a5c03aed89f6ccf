"""Composing: from an episode and what was found to an entry in plain words, and from entries to a message."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from driftwheel.alerts.causes import brief_cause_of, cause_of, harm_of
from driftwheel.alerts.episode import Episode, is_open
from driftwheel.alerts.finding_words import change_of, expected_of, wrong_of
from driftwheel.alerts.grouping import Due
from driftwheel.alerts.life_cycle import WindowResult
from driftwheel.alerts.message import MOST_EXAMPLES, Entry, Link, Message
from driftwheel.drift.verdict import PropertyDrift
from driftwheel.errors import UsageError
from driftwheel.monitors.evaluate import Evaluation, Finding
from driftwheel.monitors.monitor import SEVERITIES, Monitor
from driftwheel.monitors.observation import Observation
from driftwheel.report.numbers import NBSP, several
from driftwheel.report.sentence import effect_size, movement

__all__ = ["compose_entry", "compose_message", "trial_message"]

_LONGEST_TITLE = 150


def compose_entry(
    episode: Episode,
    monitor: Monitor,
    window: WindowResult,
    evaluation: Evaluation,
    observations: Mapping[str, Observation],
    *,
    headline: str = "",
    verdict: Mapping[str, Any] | None = None,
    segments: Sequence[str] = (),
    examples: Sequence[str] = (),
) -> Entry:
    """Return what is to be said of an episode after a window in breach; `episodes.document` keeps it.

    Parameters
    ----------
    episode, monitor, window, evaluation, observations
        The episode, and what was found in the window for its segment.
    headline, verdict
        Of the window's verdict on this segment: `verdicts.headline` and `verdicts.document`.
    segments
        ``tag=value`` of the segments in breach of the same monitor in this window, the strongest first.
    examples
        Ids of the records that show the change best: `verdicts.exemplars`.
    """
    wrong = [one for one in evaluation.findings if one.result == "breach"] or list(evaluation.findings)
    first = wrong[0]
    return _with_plain_spaces(
        Entry(
            episode=episode.key,
            name=episode.name,
            severity=episode.severity,
            state=episode.state,
            tag=episode.tag,
            value=episode.value,
            since=episode.began,
            start=window.start,
            end=window.end,
            wrong=_sentences([_wrong(one, headline) for one in wrong]),
            expected=_sentences([expected_of(one) for one in wrong]),
            n=first.n,
            effect=_sentences([_effect(one, verdict) for one in wrong]),
            cause=_sentences([cause_of(first.signal, verdict)]),
            brief=brief_cause_of(first.signal, verdict),
            segments=tuple(segments),
            harm=_sentences([harm_of(observations)]),
            examples=tuple(examples[:MOST_EXAMPLES]),
            note=monitor.note,
            flapping=episode.flapping,
        )
    )


def compose_message(
    due: Due,
    entries: Mapping[int, Entry],
    episodes: Sequence[Episode],
    *,
    model: str,
    now: datetime,
    public_url: str | None = None,
    pictures: Mapping[str, str] | None = None,
) -> Message:
    """Return the message that is due.

    Parameters
    ----------
    due
        Its `kind` is not None.
    entries
        Key of an episode → its entry (`episodes.document`), for every episode that `due` names.
    episodes
        The same episodes, as they are now.
    model
        The model's name.
    now
        Clock time.
    public_url
        Where people reach the server, without a slash at the end; None: the message has no links.
    pictures
        Id of a record → path of its thumbnail on the server, with a slash in front.

    Raises
    ------
    UsageError
        When nothing is due.
    """
    if due.kind is None:
        raise UsageError("No message is due; compose one only where `kind` is not None.")
    there = {one.key: one for one in episodes}
    keys = [key for key in (*due.firing, *due.still, *due.ended) if key in there and key in entries]
    shown = sorted(
        (_as_it_is_now(entries[key], there[key], public_url) for key in keys),
        key=lambda one: (one.ended is not None, -SEVERITIES.index(one.severity), one.episode),
    )
    shown_pictures = {
        record: f"{public_url}{pictures[record]}"
        for one in shown
        for record in one.examples
        if public_url is not None and pictures is not None and record in pictures
    }
    gravest = max((SEVERITIES.index(one.severity) for one in shown), default=0)
    return Message(
        kind=due.kind,
        model=model,
        title=_title(model, due, shown),
        severity=SEVERITIES[gravest],
        made=now,
        since=min((one.since for one in shown), default=None),
        until=max((one.end for one in shown), default=None),
        entries=tuple(shown),
        link=None if public_url is None else f"{public_url}/alerts",
        examples=shown_pictures,
    )


def trial_message(*, channel: str, now: datetime, public_url: str | None = None) -> Message:
    """Return what the test button sends."""
    return Message(
        kind="test",
        model="",
        title=f"Test of the channel '{channel}': alerts arrive here",
        severity="info",
        made=now,
        since=None,
        until=None,
        entries=(),
        link=None if public_url is None else f"{public_url}/alerts",
    )


def _wrong(finding: Finding, headline: str) -> str:
    return headline if finding.signal == "drift" and headline else wrong_of(finding)


def _effect(finding: Finding, verdict: Mapping[str, Any] | None) -> str:
    """Return how large the change is: of drift, that of the property with the strongest evidence.

    Of evidence over time, that of the newest window, where no property need have drifted by itself.
    """
    if finding.signal.startswith("property."):
        name = finding.signal.removeprefix("property.")
        return _property_effect(name, verdict) or ""
    if finding.signal not in {"drift", "evidence"} or verdict is None:
        return change_of(finding)
    is_weak = finding.signal == "evidence"
    drifted = [one for one in verdict.get("properties", ()) if is_weak or one.get("drifted")]
    return _property_effect(drifted[0]["name"], verdict) if drifted else ""


def _property_effect(name: str, verdict: Mapping[str, Any] | None) -> str:
    for plain in () if verdict is None else verdict.get("properties", ()):
        if plain.get("name") == name:
            drift = _property_drift(plain)
            return f"{movement(drift)} ({effect_size(drift)})"
    return ""


def _property_drift(plain: Mapping[str, Any]) -> PropertyDrift:
    """Return the value that `driftwheel.report.json_document` wrote; it writes what is infinite as None."""
    known = {name: plain.get(name) for name in PropertyDrift.__dataclass_fields__}
    for name in ("p_value", "statistic", "effect", "threshold"):
        known[name] = math.inf if known[name] is None else known[name]
    return PropertyDrift(**known)  # type: ignore[arg-type]


def _sentences(said: Sequence[str]) -> str:
    """Join parts as sentences: each begins in upper case and ends with a full stop."""
    parts = [one.strip().rstrip(".") for one in said if one.strip()]
    return " ".join(f"{one[:1].upper()}{one[1:]}." for one in dict.fromkeys(parts))


def _with_plain_spaces(entry: Entry) -> Entry:
    names = ("wrong", "expected", "effect", "cause", "harm")
    return replace(entry, **{name: getattr(entry, name).replace(NBSP, " ") for name in names})


def _as_it_is_now(entry: Entry, episode: Episode, public_url: str | None) -> Entry:
    address = f"{public_url}/alerts/{episode.key}"
    links = [Link("See", address)]
    if is_open(episode):
        links += [Link("Acknowledge", f"{address}#acknowledge"), Link("Snooze", f"{address}#snooze")]
    return replace(
        entry,
        episode=episode.key,
        state=episode.state,
        since=episode.began,
        flapping=episode.flapping,
        ended=episode.ended,
        reason=episode.reason or "",
        links=() if public_url is None else tuple(links),
    )


def _title(model: str, due: Due, entries: Sequence[Entry]) -> str:
    """Return the subject: what is new first, else what still fires, else what has ended."""
    keys = due.firing or (due.still if due.kind == "still_firing" else due.ended)
    told = [one for one in entries if one.episode in keys]
    if not told:
        return model
    names = list(dict.fromkeys(_named(one) for one in told if not _is_told_with(one, told)))
    what = names[0] if len(names) == 1 else f"{names[0]} and {several(len(names) - 1, 'more alert')}"
    since = min(one.since for one in told).astimezone(UTC)
    state = {
        "firing": told[0].severity,
        "still_firing": f"still firing since {since:%Y-%m-%d %H:%M} UTC",
        "resolved": "resolved",
        "closed": "closed",
    }[due.kind or "firing"]
    title = f"{model}: {state}: {what}".replace("\n", " ")
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"


def _named(entry: Entry) -> str:
    """Return the monitor's name with what is most worth knowing: the fault, and where it is."""
    where = [f"{entry.tag}={entry.value}"] if entry.tag else list(entry.segments)
    about = [one for one in (entry.brief, where[0] if len(where) == 1 else "") if one]
    return f"{entry.name} ({', '.join(about)})" if about else entry.name


def _is_told_with(entry: Entry, told: Sequence[Entry]) -> bool:
    """Return whether the alert of the whole model says already that this segment carries it."""
    segment = f"{entry.tag}={entry.value}"
    return any(one.name == entry.name and not one.tag and segment in one.segments for one in told)
