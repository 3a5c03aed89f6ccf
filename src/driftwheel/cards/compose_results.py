"""The sections of a card that say how well the version does: metrics, and the figures themselves."""

from __future__ import annotations

import math

from driftwheel.cards.card_facts import CardFacts
from driftwheel.cards.card_words import figure, interval, milliseconds, moment, size
from driftwheel.cards.compose_confusion import compose_confusion
from driftwheel.cards.compose_details import written
from driftwheel.cards.compose_production import compose_production
from driftwheel.cards.document import Block, Grid, Heading, Prose, Section
from driftwheel.cards.training_facts import GateFacts, HeldOutFacts
from driftwheel.performance.gate import GateCheck
from driftwheel.report.gains import points
from driftwheel.report.numbers import count, p_value, several, share
from driftwheel.report.printable import printable

__all__ = ["compose_metrics", "compose_results"]

_DECISIONS = {"promote": "let in", "refuse": "kept out", "label_more": "could not tell: more labels needed"}
_STATES = {"passed": "shown", "failed": "not so", "open": "cannot tell", "skipped": "too few images"}
_ROWS = 40


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
        blocks += compose_production(facts)
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
    if one.confusion is not None:
        where = f"on held-out images, {which}"
        blocks += compose_confusion(one.confusion, where, "images by what is true and what was named")
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
            f"{printable(newest.slice)}: {_DECISIONS[newest.decision]}{answered}. It was look {newest.look}; "
            f"all looks together err with a chance of {share(1 - newest.confidence)} at most."
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


def _points(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{100 * value:+.1f}".replace("-", "−")
