"""The sections of a card that say how well the version does: metrics, and the figures themselves."""

from __future__ import annotations

import math

from driftwheel.cards.card_facts import CardFacts
from driftwheel.cards.card_figures import MOST_CLASSES, accuracy_over_time, confusion_chart
from driftwheel.cards.card_words import day, figure, interval, milliseconds, moment, number_figure, size, span
from driftwheel.cards.compose_details import written
from driftwheel.cards.document import Block, Drawing, Grid, Heading, Prose, Section
from driftwheel.cards.measured_facts import MeasuredFacts
from driftwheel.cards.training_facts import GateFacts, HeldOutFacts
from driftwheel.performance.figure import Figure
from driftwheel.performance.gate import GateCheck
from driftwheel.performance.measured_accuracy import Basis
from driftwheel.report.charts.reliability import reliability_chart
from driftwheel.report.gains import points
from driftwheel.report.numbers import count, p_value, several, share
from driftwheel.report.printable import printable

__all__ = ["FIGURE_WORDS", "compose_metrics", "compose_results"]

FIGURE_WORDS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_precision": "Precision, mean over classes",
    "macro_recall": "Recall, mean over classes",
    "macro_f1": "F1, mean over classes",
    "area_under_roc": "Area under the ROC curve",
    "log_loss": "Log loss, nats",
    "calibration_error": "Calibration error",
}
"""Figure → what it is called."""

_BASES: dict[Basis, str] = {
    "all": "as good as every answer has a label",
    "sample": "labels of images that were drawn at random stand for all",
    "told": "labels that another system told stand for all, as if their images were drawn at random",
    "chosen": "only images that were chosen for what they show have a label, which cannot stand for all",
    "none": "no answer has a label",
}
_DECISIONS = {"promote": "let in", "refuse": "kept out", "label_more": "could not tell: more labels needed"}
_STATES = {"passed": "shown", "failed": "not so", "open": "cannot tell", "skipped": "too few images"}
_ROWS = 40
_CONFUSIONS = 10


def compose_metrics(facts: CardFacts) -> Section:
    """Return what is measured, and how."""
    if facts.model.task == "detection":
        text = (
            "Of boxes nothing is measured by this release: no mean average precision, in training or in "
            "production. Drift of images and of what the model says of them is watched."
        )
        return Section("metrics", "Metrics", (Prose(text, "warn"), written(facts, "metrics")))
    text = (
        "The class with the largest score is the answer; there is no threshold. Accuracy is the share of "
        "images whose class was named right, balanced accuracy the mean of that over the true classes, "
        "precision the share of right ones among those named so, recall among those that are so. "
        "Calibration error is how far scores are from the share of right answers among those that have "
        "them, on average."
    )
    second = (
        "Every interval holds what it is of with a chance of 90 %; n is the number of labels that a figure "
        "rests on. Held-out figures are of images that were never learnt from; figures in production are "
        "of labels that came afterwards, and where only some images have one, of labels that may stand for "
        "the others."
    )
    return Section("metrics", "Metrics", (Prose(text), Prose(second), written(facts, "metrics")))


def compose_results(facts: CardFacts) -> Section:
    """Return the figures: on held-out images, at the gate, in production by segment, class and window."""
    blocks: list[Block] = []
    found = () if facts.training is None else facts.training.held_out
    for one in found:
        blocks += _held_out(one)
    if not found:
        blocks += [
            Heading("On held-out images"),
            Prose("Nothing was measured on held-out images here.", "warn"),
        ]
    blocks += [Heading("At the gate"), *_gates(facts)]
    if facts.production.known:
        blocks += _production(facts)
    return Section("results", "Quantitative analyses", tuple(blocks))


def _held_out(one: HeldOutFacts) -> list[Block]:
    which = f"given a simulated fault: {one.fault}" if one.fault else "as they are"
    rows = [("Accuracy", figure(one.accuracy)), ("Mean cross-entropy, nats", f"{one.loss:.3f}")]
    if one.champion is not None:
        rows.append(("Accuracy of the champion of then, same images", figure(one.champion)))
    if one.gain is not None and one.gain.value is not None:
        between = (
            f" ({_points(one.gain.low)} to {_points(one.gain.high)})" if one.gain.low is not None else ""
        )
        rows.append(("Beyond the champion, points", f"{_points(one.gain.value)}{between}"))
    blocks: list[Block] = [
        Heading(f"On held-out images, {which}"),
        Prose(f"{several(one.accuracy.n, 'image')} of the {one.split} split, measured when it was trained."),
        Grid("", ("Figure", "Value"), tuple(rows)),
    ]
    if one.recalls:
        its = tuple(
            (printable(name), points(each.value), interval(each), count(each.n))
            for name, each in one.recalls[:_ROWS]
        )
        more = f" ({_ROWS} of {len(one.recalls)} classes)" if len(one.recalls) > _ROWS else ""
        head = ("Class", "Recall", "Interval", "n")
        blocks.append(Grid(f"Recall by class{more}", head, its, frozenset({1, 2, 3})))
    return blocks


def _gates(facts: CardFacts) -> list[Block]:
    if not facts.gates:
        return [Prose("It has not been compared with a champion at the gate.")]
    blocks: list[Block] = []
    newest = facts.gates[0]
    answered = f"; {newest.answer} by {printable(newest.answered_by or '')}" if newest.answer else ""
    blocks.append(
        Prose(
            f"Gate {newest.run}, {moment(newest.finished)}, beside {printable(newest.champion)} on "
            f"{printable(newest.slice)}: {_DECISIONS[newest.decision]}{answered}. It was look {newest.look} "
            f"at this pair; all looks together err with a chance of {share(1 - newest.confidence)} at most."
        )
    )
    blocks.append(_checks(newest))
    blocks += [Prose(printable(note)) for note in newest.notes]
    if len(facts.gates) > 1:
        rows = tuple(
            (
                str(one.run),
                moment(one.finished),
                printable(one.champion),
                _DECISIONS[one.decision],
                f"{one.answer} by {printable(one.answered_by or '')}" if one.answer else "–",
                printable(one.note),
            )
            for one in facts.gates[:_ROWS]
        )
        head = ("Gate", "When", "Beside", "Decision", "Answer", "Note")
        blocks.append(Grid("All gate runs", head, rows))
    return blocks


def _checks(run: GateFacts) -> Grid:
    rows = tuple(_check(one) for one in run.checks)
    head = (
        "Asked",
        "Images",
        "n",
        "Champion",
        "This version",
        "Difference, points",
        "Shown at least",
        "p",
        "Answer",
    )
    return Grid("What the gate asked", head, rows, frozenset(range(2, 8)))


def _check(one: GateCheck) -> tuple[str, ...]:
    if one.asked in {"latency", "size"}:
        words = milliseconds if one.asked == "latency" else (lambda value: size(round(value)))
        what = "time for an image" if one.asked == "latency" else "size of the file"
        asked = f"{what}, at most {words(one.limit)}"
        answer = "within bounds" if one.state == "passed" else "too much"
        return (asked, "–", "–", words(one.champion), words(one.challenger), "–", "–", "–", answer)
    asked = "better" if one.asked == "better" else f"loses less than {100 * -one.limit:g} points"
    if not one.n:
        return (asked, printable(one.group), "0", "–", "–", "–", "–", "–", _STATES[one.state])
    return (
        asked,
        printable(one.group),
        count(one.n),
        points(one.champion),
        points(one.challenger),
        _points(one.difference),
        _points(one.low),
        p_value(one.p_value),
        _STATES[one.state],
    )


def _production(facts: CardFacts) -> list[Block]:
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
        (FIGURE_WORDS[name], _figure(name, one))
        for name, one in whole.figures
        if one.value is not None and name in FIGURE_WORDS
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
    names = whole.confusion_classes
    pairs = sorted(
        (
            (n, names[row], names[column], n / max(sum(counts), 1e-9))
            for row, counts in enumerate(whole.confusion)
            for column, n in enumerate(counts)
            if row != column and n > 0
        ),
        key=lambda one: (-one[0], one[1], one[2]),
    )
    rows = tuple(
        (printable(true), printable(said), f"{n:,.0f}", share(part))
        for n, true, said, part in pairs[:_CONFUSIONS]
    )
    if len(names) > MOST_CLASSES:
        titles = ("True", "Named", "Labels", "Share of the true class")
        return [Grid("The most frequent confusions", titles, rows, frozenset({2, 3}))] if rows else []
    head = ("True", *(f"named {printable(name)}" for name in names))
    counts = tuple(
        (printable(name), *(f"{n:,.0f}" for n in whole.confusion[row])) for row, name in enumerate(names)
    )
    weighted = ", weighted by the answers that each label stands for" if whole.basis == "sample" else ""
    table = Grid("Confusion matrix", head, counts, frozenset(range(1, len(names) + 1)))
    return [
        Drawing(
            f"Confusion matrix in production: labels by what is true and what was named{weighted}",
            confusion_chart(whole),
            table,
        )
    ]


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


def _points(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{100 * value:+.1f}".replace("-", "−")
