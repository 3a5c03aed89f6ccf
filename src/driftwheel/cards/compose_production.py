"""What a card tells of a version in production: by time, segment and class, confusions, calibration."""

from __future__ import annotations

from driftwheel.cards.accuracy_over_time import accuracy_over_time
from driftwheel.cards.card_facts import CardFacts
from driftwheel.cards.card_words import day, figure, interval, number_figure, span
from driftwheel.cards.compose_confusion import compose_confusion
from driftwheel.cards.document import Block, Drawing, Grid, Heading, Prose
from driftwheel.cards.measured_facts import MeasuredFacts
from driftwheel.performance.figure import Figure
from driftwheel.performance.measured_accuracy import Basis
from driftwheel.report.charts.reliability import reliability_chart
from driftwheel.report.gains import points
from driftwheel.report.numbers import count, several, share
from driftwheel.report.printable import printable

__all__ = ["compose_production"]

_FIGURE_WORDS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_precision": "Precision, mean over classes",
    "macro_recall": "Recall, mean over classes",
    "macro_f1": "F1, mean over classes",
    "area_under_roc": "Area under the ROC curve",
    "log_loss": "Log loss, nats",
    "calibration_error": "Calibration error",
}

_BASES: dict[Basis, str] = {
    "all": "as good as every answer has a label",
    "sample": "labels of images that were drawn at random stand for all",
    "told": "labels that another system told stand for all, as if their images were drawn at random",
    "chosen": "only images that were chosen for what they show have a label, which cannot stand for all",
    "none": "no answer has a label",
}
_ROWS = 40


def compose_production(facts: CardFacts) -> list[Block]:
    """Return what was measured of the version's own answers."""
    whole = facts.production.whole
    blocks: list[Block] = [Heading("In production")]
    if whole is None:
        return [*blocks, Prose("It has not answered in production.")]
    windows = facts.production.windows
    blocks.append(
        Prose(
            f"It gave {several(whole.predictions, 'answer')} from {day(windows[0].start)} to "
            f"{day(windows[-1].start)}, and {count(whole.labels)} of them have a label: "
            f"{_BASES[whole.basis]}." + (" Earlier windows are left out." if facts.production.cut else "")
        )
    )
    if whole.accuracy.value is None:
        return blocks
    rows = tuple(
        (_FIGURE_WORDS[name], _figure(name, one))
        for name, one in whole.figures
        if one.value is not None and name in _FIGURE_WORDS
    )
    blocks.append(Grid("Figures in production", ("Figure", "Value"), rows))
    blocks += [*_over_time(facts, whole), *_others(facts, whole), *_segments(facts, whole)]
    blocks += [*_by_class(whole), *_confusion(whole)]
    if whole.calibration.bins:
        blocks += _calibration(whole)
    return blocks


def _over_time(facts: CardFacts, whole: MeasuredFacts) -> list[Block]:
    known = [one for one in facts.production.windows if one.accuracy.value is not None]
    if len(known) < 2:
        return []
    shown = known[-_ROWS:]
    rows = tuple(
        (
            f"{one.start:%Y-%m-%d %H:%M}" if facts.model.window == "hour" else day(one.start),
            count(one.predictions),
            points(one.accuracy.value),
            interval(one.accuracy),
            count(one.accuracy.n),
        )
        for one in shown
    )
    cut = f" (the last {_ROWS} of {len(known)})" if len(known) > _ROWS else ""
    head = (facts.model.window.capitalize(), "Answers", "Accuracy", "Interval", "n")
    table = Grid(f"Accuracy by {facts.model.window}{cut}", head, rows, frozenset(range(1, 5)))
    title = "Accuracy over time, with intervals of 90 %; the dashed line is all of it together"
    return [Drawing(title, accuracy_over_time(known, whole.accuracy.value), table)]


def _segments(facts: CardFacts, whole: MeasuredFacts) -> list[Block]:
    if not facts.production.segments:
        return []
    cells = tuple(
        (
            printable(f"{tag} = {value}"),
            count(one.predictions),
            points(one.accuracy.value) or "cannot be told",
            interval(one.accuracy),
            count(one.accuracy.n),
        )
        for tag, value, one in sorted(facts.production.segments, key=lambda one: one[:2])
    )
    head = ("Segment", "Answers", "Accuracy", "Interval", "n")
    title = f"Accuracy by segment, in windows that have a label (all images: {points(whole.accuracy.value)})"
    return [Grid(title, head, cells, frozenset(range(1, 5)))]


def _others(facts: CardFacts, whole: MeasuredFacts) -> list[Block]:
    if not facts.production.others:
        return []
    windows = facts.production.windows
    rows = [
        (one.name, span(one.first, one.last), one.predictions, one.accuracy)
        for one in facts.production.others
    ]
    rows.append(("this version", span(windows[0].start, windows[-1].end), whole.predictions, whole.accuracy))
    cells = tuple(
        (printable(name), when, count(n), points(one.value) or "cannot be told", interval(one), count(one.n))
        for name, when, n, one in rows
    )
    head = ("Version", "Answered", "Answers", "Accuracy", "Interval", "n")
    return [
        Grid(
            "Beside the versions before it, each on the images of its own time",
            head,
            cells,
            frozenset(range(2, 6)),
        )
    ]


def _by_class(whole: MeasuredFacts) -> list[Block]:
    rows = tuple(
        (
            printable(one.name),
            f"{one.support:,.0f}",
            *(_brief(each) for each in (one.precision, one.recall, one.f1)),
        )
        for one in whole.classes[:_ROWS]
    )
    more = f" ({_ROWS} of {len(whole.classes)})" if len(whole.classes) > _ROWS else ""
    head = ("Class", "n", "Precision", "Recall", "F1")
    return [Grid(f"By class, in production{more}", head, rows, frozenset(range(1, 5)))]


def _confusion(whole: MeasuredFacts) -> list[Block]:
    weighted = ", weighted by the answers that each label stands for" if whole.basis == "sample" else ""
    return compose_confusion(
        whole.confusion, "in production", f"labels by what is true and what was named{weighted}"
    )


def _calibration(whole: MeasuredFacts) -> list[Block]:
    found = whole.calibration
    rows = tuple(
        (
            points(one.confidence),
            points(one.accuracy.value),
            interval(one.accuracy),
            count(one.accuracy.n),
            share(one.share),
        )
        for one in found.bins
    )
    head = ("Mean score", "Right", "Interval", "n", "Share of answers")
    table = Grid("Accuracy by score", head, rows, frozenset(range(5)))
    title = "Reliability curve: share of right answers by score; on the dashed line scores say what is true"
    return [Drawing(title, reliability_chart(found), table)]


def _figure(name: str, one: Figure) -> str:
    return number_figure(one) if name in {"log_loss", "area_under_roc"} else figure(one)


def _brief(one: Figure) -> str:
    if one.value is None:
        return "–"
    between = interval(one)
    return f"{points(one.value)} ({between})" if between else points(one.value)
