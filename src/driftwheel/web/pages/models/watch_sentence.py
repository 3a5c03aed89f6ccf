"""The answer of a model's page, in a sentence: what is wrong, since when, where, and whether it hurts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.alerts.finding_words import amount
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.signal import signal_named
from driftwheel.report.numbers import count, odds, p_statement, several, share
from driftwheel.report.printable import printable
from driftwheel.services.watch.watch_model import OpenAlert, Watch, WatchedWindow
from driftwheel.web.pages.models.heat_map import ANSWER_WORDS
from driftwheel.web.pages.models.watch_view import window_moment
from driftwheel.web.pages.rendering import moment

__all__ = ["WatchSentence", "harm_words", "headline_rest", "slow_change", "watch_sentence"]

_LEAST_LABELS = 10


@dataclass(frozen=True, slots=True)
class WatchSentence:
    """The answer: `tone` is ``ok``, ``note``, ``warn`` or ``bad``; `lead`, `rest`, and what it rests on."""

    tone: str
    lead: str | Markup
    rest: str | Markup
    small: tuple[str | Markup, ...] = ()


def watch_sentence(watch: Watch, alerts: Sequence[OpenAlert], why: str = "") -> WatchSentence | None:
    """Return the sentence for a model over its windows; None where no window has a verdict.

    `alerts` are those that the sentence is to be about, the gravest first; `why` says why drift in the newest
    window is none.
    """
    judged = [one for one in watch.windows if one.verdict is not None]
    if alerts:
        return _of_alert(watch, alerts, judged[-1] if judged else None)
    if not judged:
        return None
    return _of_window(watch, judged[-1], why)


def slow_change(window: WatchedWindow) -> Observation | None:
    """Return the evidence over time by which drift was found in a window; None where it was not."""
    seen = window.observed("evidence")
    return seen if seen is not None and seen.judged else None


def headline_rest(headline: str) -> str:
    """Return a headline without its first word and colon, as a sentence.

    Examples
    --------
    >>> headline_rest("No drift: the 48 images look like the 200 reference images.")
    'The 48 images look like the 200 reference images.'
    """
    rest = headline.split(": ", 1)[-1]
    return rest[:1].upper() + rest[1:]


def harm_words(window: WatchedWindow | None) -> str:
    """Return in a sentence what is known of the harm in a window."""
    if window is None:
        return ""
    accuracy, confidence = window.observed("accuracy"), window.observed("confidence")
    mix = window.observed("prediction_mix")
    if accuracy is not None and accuracy.judged:
        return f"It hurts: accuracy fell {_from_to(accuracy)} ({several(accuracy.n, 'label')})."
    if confidence is not None and confidence.judged and confidence.usual is not None:
        less = "less" if (confidence.value or 0) < confidence.usual else "more"
        told = f"mean score {confidence.value:.2f}, usually {confidence.usual:.2f}"
        return f"The model is {less} sure than usual: {told}."
    if mix is not None and mix.judged:
        return f"It names other classes than usual: {share(mix.value)} of its answers moved."
    estimates = (window.observed("estimated_accuracy"), window.observed("accuracy_by_agreement"))
    return _no_harm(accuracy, confidence, *estimates)


def _no_harm(
    accuracy: Observation | None,
    confidence: Observation | None,
    estimated: Observation | None,
    agreement: Observation | None,
) -> str:
    if accuracy is not None and accuracy.n >= _LEAST_LABELS:
        return f"Accuracy is {share(accuracy.value)} on {several(accuracy.n, 'label')}, not unusual."
    if estimated is not None and estimated.low is not None and estimated.high is not None:
        held = f"{share(estimated.low)} to {share(estimated.high)}, {share(estimated.usual)} on the reference"
        return f"Accuracy, estimated from scores: {share(estimated.value)} ({held})."
    if agreement is not None and agreement.usual is not None:
        held = f"{share(agreement.usual)} on the reference"
        return f"Accuracy, as versions agree: {share(agreement.value)} ({held})."
    if confidence is not None and not confidence.judged:
        return "Scores and answers are as usual; accuracy is not known."
    return "Whether it hurts is not known: too few truths were sent."


def _of_alert(watch: Watch, alerts: Sequence[OpenAlert], newest: WatchedWindow | None) -> WatchSentence:
    first, window = alerts[0], watch.model.window
    episode, entry = first.episode, first.entry
    since = window_moment(episode.began, window)
    wrong = printable(entry.wrong if entry is not None else f"The monitor {episode.name} fires.")
    where = f"{episode.tag} = {episode.value}" if episode.tag else ""
    word, colon, said = wrong.partition(": ")
    if episode.state == "recovering":
        lead = Markup("Recovering: {} since {}.").format(word.lower() if colon else episode.name, since)
    elif colon and len(word) <= 40:
        place = f" ({where})" if where else ""
        lead = Markup("{}{} since {}: {}").format(word, place, since, said)
    else:
        lead = Markup("{} Since {}{}.").format(wrong, since, f", {where}" if where else "")
    rest = []
    if entry is not None and entry.segments:
        rest.append(f"Carried by {_listed(entry.segments)}.")
    if entry is not None and entry.cause and "=" not in entry.cause and not colon:
        rest.append(entry.cause)
    rest.append(harm_words(newest))
    needs = episode.acknowledged is None and episode.severity == "critical"
    return WatchSentence(
        "bad" if needs else "warn", lead, printable(" ".join(rest)), tuple(_small(watch, first, newest))
    )


def _small(watch: Watch, alert: OpenAlert, newest: WatchedWindow | None) -> list[str | Markup]:
    episode, entry = alert.episode, alert.entry
    small: list[str | Markup] = []
    said = []
    if entry is not None:
        if entry.expected:
            said.append(f"Expected: {entry.expected[:1].lower()}{entry.expected[1:]}")
        if entry.effect:
            said.append(entry.effect)
    verdict = None if newest is None else newest.verdict
    if verdict is not None and verdict.answer == "drift" and verdict.p_value is not None:
        rate = watch.model.false_alarms_per_year
        said.append(
            f"At most {rate:g} false alarm{'' if rate == 1 else 's'} a year; without any change, evidence "
            f"like this comes up in {odds(verdict.p_value)} comparisons."
        )
    if said or verdict is not None:
        line = Markup("{}").format(printable(" ".join(said)))
        if newest is not None and verdict is not None:
            n, when = several(verdict.n, "image"), window_moment(newest.start, watch.model.window)
            line += Markup(" n = {} in the newest {}, {}.").format(n, watch.model.window, when)
        small.append(line)
    if episode.acknowledged is not None:
        note = f": {printable(episode.acknowledged_note)}" if episode.acknowledged_note else ""
        by = printable(episode.acknowledged_by or "")
        small.append(Markup("Acknowledged by {} {}{}.").format(by, moment(episode.acknowledged, "ago"), note))
    return small


def _of_window(watch: Watch, newest: WatchedWindow, why: str) -> WatchSentence:
    verdict = newest.verdict
    if verdict is None:
        return WatchSentence("note", "Not judged yet.", "")
    when = window_moment(newest.start, watch.model.window)
    rate = watch.model.false_alarms_per_year
    calm = 0
    for one in reversed(watch.windows):
        if one.verdict is not None and one.verdict.answer == "drift":
            break
        calm += one.verdict is not None and one.verdict.answer == "no_drift"
    basis = f", n = {several(verdict.n, 'image')}"
    if verdict.p_value is not None:
        basis += f", {p_statement(verdict.p_value)}"
    basis += f"; at most {rate:g} false alarm{'' if rate == 1 else 's'} a year."
    rest = printable(headline_rest(verdict.headline))
    where = printable(f" in {watch.tag} = {watch.value}") if watch.tag else ""
    told = Markup("{}{}").format(when, basis)
    if verdict.answer == "drift":
        lead = f"Drift{where}, and no alert is open."
        small = (told, printable(why)) if why else (told,)
        return WatchSentence("warn", lead, f"{rest} {harm_words(newest)}", small)
    slow = slow_change(newest)
    if slow is not None:
        signal = signal_named(slow.signal)
        lead = f"A change too weak for any one window{where}, and no alert is open."
        since = f" {slow.note}" if slow.note else ""
        sums = f"It has added up{since}: evidence {amount(slow.value, signal)}, found at "
        small = (told, printable(why)) if why else (told,)
        return WatchSentence("warn", lead, f"{sums}{amount(slow.high, signal)}. {harm_words(newest)}", small)
    if verdict.answer == "no_drift":
        unit = watch.model.window
        if calm > 1:
            told += f" The last {count(calm)} {unit}s that were judged are without drift."
        return WatchSentence("ok", f"No drift{where}.", rest, (told,))
    lead = ANSWER_WORDS[verdict.answer]
    return WatchSentence("warn", f"{lead[:1].upper()}{lead[1:]}{where}.", rest, (told,))


def _from_to(seen: Observation) -> str:
    return (
        f"from {share(seen.usual)} to {share(seen.value)}"
        if seen.usual is not None
        else f"to {share(seen.value)}"
    )


def _listed(segments: Sequence[str]) -> str:
    named = [one.replace("=", " = ", 1) for one in segments[:3]]
    if len(segments) > 3:
        named.append(f"{len(segments) - 3} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
