"""The sections of a card that say what the version learnt from, and how."""

from __future__ import annotations

from driftwheel.cards.card_facts import CardFacts
from driftwheel.cards.card_words import day, moment, span
from driftwheel.cards.compose_details import written
from driftwheel.cards.data_facts import ClassImages, DataFacts
from driftwheel.cards.document import Block, Drawing, Grid, Heading, Prose, Section, Terms
from driftwheel.cards.training_facts import TrainingFacts
from driftwheel.datasets.source_words import SOURCE_WORDS
from driftwheel.learning.trainers.recipe import recipe_from
from driftwheel.learning.trainers.recipe_words import recipe_rows
from driftwheel.report.charts.curves import Curve, curve_chart
from driftwheel.report.gains import points, span_words
from driftwheel.report.numbers import count, several, share
from driftwheel.report.printable import printable

__all__ = ["compose_data", "compose_training"]

_CLASSES = 60  # that are told of one by one
_KINDS = {
    "class": "one class for each image",
    "multi-class": "a set of classes for each image",
    "boxes": "boxes with classes",
}


def compose_data(facts: CardFacts) -> Section:
    """Return what it learnt from, what it was measured on, and where the labels came from."""
    data = facts.data
    if data is None:
        text = (
            "Which images it learnt from is not known here: it was made of no dataset version of this model."
        )
        return Section("data", "Training and evaluation data", (Prose(text, "warn"), written(facts, "data")))
    lead = (
        f"Dataset version {data.number}: {several(data.images, 'image')} with {_KINDS[data.kind]}. The "
        f"training split was learnt from ({count(data.train)}); the validation split told when to stop "
        f"({count(data.validation)}); the test split is never learnt from, and kept for measuring and "
        f"comparing ({count(data.test)})."
    )
    rows = [
        ("SHA-256 of the version", data.digest),
        ("People who labelled", _people(data)),
    ]
    if data.first is not None:
        rows.append(("Taken", span(data.first, data.last)))
    if data.groups:
        rows.append(("Groups kept in one split", several(data.groups, "group")))
    if data.holdout:
        rows.append(("Drawn at random to measure on", several(data.holdout, "image")))
    if data.alerts:
        rows.append(("Chosen because of an alert", several(data.alerts, "image")))
    if data.boxes:
        rows.append(("Boxes", count(data.boxes)))
    if data.nothing:
        rows.append(("Show nothing of interest", several(data.nothing, "image")))
    blocks: list[Block] = [Prose(lead), Terms(tuple(rows)), _classes(data), _sources(data)]
    if data.left_out:
        blocks.append(
            Grid(
                "Left out",
                ("Images", "Because"),
                tuple((count(n), why) for why, n in data.left_out),
                frozenset({0}),
            )
        )
    if data.removed is not None:
        text = (
            f"Its images were let go of on {day(data.removed)}: the training cannot be made again from here."
        )
        blocks.append(Prose(text, "warn"))
    blocks += [_lineage(data), written(facts, "data")]
    return Section("data", "Training and evaluation data", tuple(blocks))


def compose_training(facts: CardFacts) -> Section:
    """Return how it was trained: recipe, time, curves."""
    run = facts.training
    if run is None:
        text = "It was made elsewhere, and added with its file; how it was trained is not known here."
        return Section("training", "Training", (Prose(text, "warn"), written(facts, "training")))
    rows = [
        ("Run", f"training {run.run}, asked for by {printable(run.by)}"),
        ("Began", moment(run.begun)),
        ("Ended", moment(run.finished)),
        ("Worked on for", span_words(run.seconds)),
        (
            "Began with",
            f"the weights of {printable(run.start)}"
            if run.start
            else "no weights of an earlier version (a full training)",
        ),
    ]
    if run.images is not None:
        rows.append(("Images learnt from", count(run.images)))
    if run.attempts > 1:
        rows.append(("Taken up", f"{count(run.attempts)} times; it went on where it had been cut off"))
    if run.trials:
        text = f"the best of {several(run.trials, 'trial')}, by loss on the validation split"
        rows.append(("Chosen", text))
    blocks: list[Block] = [Terms(tuple(rows))]
    if run.kind != "adapt":
        blocks += [Heading("Recipe"), Terms(tuple(recipe_rows(recipe_from(run.recipe))))]
    blocks += [*_curves(run), written(facts, "training")]
    return Section("training", "Training", tuple(blocks))


def _people(data: DataFacts) -> str:
    if not data.annotators:
        return "nobody by name: labels came with the images, or from another system"
    return f"{several(data.annotators, 'person', 'people')}, whose names the dataset's page tells"


def _classes(data: DataFacts) -> Grid:
    def row(one: ClassImages) -> tuple[str, ...]:
        total = one.train + one.validation + one.test
        return (
            printable(one.name),
            *(count(n) for n in (one.train, one.validation, one.test, total)),
            share(total / max(data.images, 1)),
        )

    rows = [row(one) for one in data.classes[:_CLASSES]]
    rest = data.classes[_CLASSES:]
    if rest:
        sums = (sum(getattr(one, name) for one in rest) for name in ("train", "validation", "test"))
        rows.append(row(ClassImages(f"{len(rest)} more classes", *sums)))
    head = ("Class", "Training", "Validation", "Test", "All", "Share of images")
    return Grid("Images by class and split", head, tuple(rows), frozenset(range(1, 6)))


def _sources(data: DataFacts) -> Grid:
    rows = tuple(
        (SOURCE_WORDS[source], count(n), share(n / max(data.images, 1))) for source, n in data.sources
    )
    return Grid("Who vouches for the labels", ("Source", "Images", "Share"), rows, frozenset({1, 2}))


def _lineage(data: DataFacts) -> Grid:
    rows = tuple(
        (
            str(one.number),
            count(one.images),
            printable(one.made_from),
            f"{day(one.created)}, {printable(one.by)}",
            printable(one.note),
        )
        for one in data.lineage
    )
    head = ("Version", "Images", "Made from", "When, by whom", "Note")
    return Grid("Lineage of the dataset", head, rows, frozenset({1}))


def _curves(run: TrainingFacts) -> list[Block]:
    """Return the curves of a run; of one epoch there is nothing to draw."""
    if len(run.epochs) < 2:
        return []
    learnt = tuple((one.number, one.loss) for one in run.epochs if one.loss is not None)
    held = tuple((one.number, one.validation_loss) for one in run.epochs)
    right = tuple((one.number, one.validation_accuracy) for one in run.epochs)
    shown = _some(len(run.epochs))
    rows = tuple(
        (
            str(one.number),
            "–" if one.loss is None else f"{one.loss:.4f}",
            f"{one.validation_loss:.4f}",
            points(one.validation_accuracy),
        )
        for place, one in enumerate(run.epochs)
        if place in shown
    )
    every = "" if len(shown) == len(run.epochs) else f" ({len(shown)} of {len(run.epochs)} epochs)"
    head = ("Epoch", "Loss in learning", "Loss in validation", "Right in validation")
    table = Grid(f"By epoch{every}", head, rows, frozenset(range(4)))
    losses = [Curve("in learning", "learning", learnt), Curve("validation", "validation", held)]
    accuracy = [Curve("validation", "validation", right)]
    drawn = curve_chart(losses, "Loss by epoch, in nats", is_share=False)
    return [
        Heading("Curves"),
        Drawing("Loss by epoch, in nats: on the validation split, and dashed in learning", drawn, table),
        Drawing(
            "Right on the validation split, by epoch",
            curve_chart(accuracy, "Accuracy by epoch", is_share=True),
            None,
        ),
    ]


def _some(n: int, most: int = 12) -> set[int]:
    """Return which of n rows are shown: all, or some evenly apart with the first and the last."""
    if n <= most:
        return set(range(n))
    return {round(place * (n - 1) / (most - 1)) for place in range(most)}
