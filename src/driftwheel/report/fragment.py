"""Results inside someone else's page, a notebook above all: short, their styles touch nothing around."""

from __future__ import annotations

from markupsafe import Markup

from driftwheel.drift.check import Check
from driftwheel.drift.verdict import Verdict
from driftwheel.profiles.profile import Profile
from driftwheel.profiles.property_summary import PropertySummary, mean, standard_deviation
from driftwheel.profiles.quantile import quantile
from driftwheel.report.accuracy_words import accuracy_said, agreement_said
from driftwheel.report.album import Picture, album
from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import count, p_value, quantity, quantity_pair, several, share
from driftwheel.report.printable import printable
from driftwheel.report.property_words import PropertyWords, property_words
from driftwheel.report.ranking import ranked
from driftwheel.report.sentence import answer, answer_word, effect_size, evidence, reason, unreadable
from driftwheel.report.templating import template

__all__ = ["check_fragment", "profile_fragment", "verdict_fragment"]

_ROWS = 8
_PICTURES = 6


def verdict_fragment(verdict: Verdict) -> str:
    """Return a verdict as an HTML fragment: the answer, and the properties with the strongest evidence."""
    return _answer(verdict, ())


def check_fragment(check: Check) -> str:
    """Return a check as an HTML fragment: the answer, a few pictures of either side, and the properties."""
    pictures = album(check.exhibits)
    rows = (("reference", pictures.reference[:_PICTURES]), ("current", pictures.current[:_PICTURES]))
    return _answer(check.verdict, tuple(row for row in rows if row[1]))


def profile_fragment(profile: Profile) -> str:
    """Return a profile as an HTML fragment: what it covers, and each property with its histogram in small."""
    facts = [several(profile.n, "image"), profile.mode]
    if profile.first and profile.last:
        facts.append(f"{profile.first:%Y-%m-%d %H:%M} to {profile.last:%Y-%m-%d %H:%M} UTC")
    facts.append(printable(profile.embedder or "no embedder"))
    missing = sum(profile.unreadable.values())
    if missing:
        facts.append(f"{count(missing)} unreadable")
    known = [summary for summary in profile.properties if summary.count]
    return template("profile.html.j2").render(
        facts=facts,
        rows=[_summary_row(summary) for summary in known],
        left=len(profile.properties) - len(known),
    )


def _answer(verdict: Verdict, pictures: tuple[tuple[str, tuple[Picture, ...]], ...]) -> str:
    missing = [
        unreadable("current", verdict.unreadable, verdict.n_current),
        unreadable("reference", verdict.unreadable_reference, verdict.n_reference),
    ]
    accurate = "" if verdict.accuracy is None else f"Accuracy: {accuracy_said(verdict.accuracy)}."
    agreed = "" if verdict.agreement is None else f"By agreement: {agreement_said(verdict.agreement)}."
    notes = [printable(note) for note in verdict.notes]
    lines = [reason(verdict), evidence(verdict), accurate, agreed, *missing, *notes]
    rows = []
    for one in ranked(verdict)[:_ROWS]:
        words = property_words(one.name)
        before, after = quantity_pair(one.reference_mean, one.current_mean, words.inline_unit)
        size, line = effect_size(one), effect_size(one, one.threshold)
        rows.append((one.drifted, words, before, after, size, line, p_value(one.p_value)))
    return template("answer.html.j2").render(
        state=verdict.verdict,
        word=answer_word(verdict),
        answer=answer(verdict),
        lines=[line for line in lines if line],
        rows=rows,
        left=len(verdict.properties) - len(rows),
        pictures=pictures,
        sizes=[
            several(verdict.n_reference, "reference image"),
            several(verdict.n_current, "current image"),
        ],
    )


def _summary_row(summary: PropertySummary) -> tuple[PropertyWords, Markup, str, str]:
    words = property_words(summary.name)
    return words, _bars(summary), _typical(summary, words), _range(summary, words)


def _typical(summary: PropertySummary, words: PropertyWords) -> str:
    definition, unit = summary.definition, words.inline_unit
    if definition.kind == "category":
        most = int(summary.counts.argmax())
        return f"{definition.categories[most]} ({share(float(summary.counts[most]) / summary.count)})"
    if definition.kind == "circular":
        return quantity(mean(summary), unit)
    return f"{quantity(mean(summary), unit)} ± {quantity(standard_deviation(summary), unit)}"


def _range(summary: PropertySummary, words: PropertyWords) -> str:
    if summary.definition.kind != "number":
        return ""
    values = (summary.minimum, quantile(summary, 0.5).value, summary.maximum)
    return " · ".join(quantity(value, words.inline_unit) for value in values)


def _bars(summary: PropertySummary) -> Markup:
    """The histogram between its first and its last filled bin, at most 40 bars wide."""
    filled = summary.counts.nonzero()[0]
    counts = summary.counts[filled[0] : filled[-1] + 1]
    step = -(-len(counts) // 40)
    heights = [int(counts[i : i + step].sum()) for i in range(0, len(counts), step)]
    top = max(heights)
    width = 120 / len(heights)
    bars = [
        element("rect", x=i * width, y=22 - 22 * n / top, width=max(width - 0.6, 0.8), height=22 * n / top)
        for i, n in enumerate(heights)
        if n
    ]
    return Markup('<svg viewBox="0 0 120 22" width="120" height="22" aria-hidden="true">{}</svg>').format(
        Markup().join(bars)
    )
