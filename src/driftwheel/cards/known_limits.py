"""What is known to be weak of a version, in sentences: blind spots that the facts show by themselves."""

from __future__ import annotations

from typing import Final

from driftwheel.cards.card_facts import CardFacts
from driftwheel.cards.card_words import figure, interval, listed, span
from driftwheel.performance.figure import Figure
from driftwheel.report.gains import points
from driftwheel.report.numbers import count, several, share
from driftwheel.report.printable import printable

__all__ = ["LEAST_TEST", "LEAST_TRAIN", "known_limits"]

LEAST_TRAIN: Final = 30
"""Images of a class to learn from, below which it is told of."""

LEAST_TEST: Final = 20
"""Images of a class to measure on, below which its figures hardly tell anything."""

_MANY: Final = 0.5
_LISTED: Final = 8


def known_limits(facts: CardFacts) -> tuple[str, ...]:
    """Return what is known to be weak, a sentence or two each; empty where nothing is."""
    return (*_data(facts), *_training(facts), *_production(facts), *_watching(facts), *_release(facts))


def _data(facts: CardFacts) -> list[str]:
    data = facts.data
    if data is None:
        return [
            "What it learnt from is not known here, so neither are classes or conditions that it never saw."
        ]
    told = []
    few = [one for one in data.classes if one.train < LEAST_TRAIN]
    if few:
        names = listed([f"{printable(one.name)} ({count(one.train)})" for one in few], _LISTED)
        told.append(f"It learnt some classes from fewer than {LEAST_TRAIN} images: {names}.")
    hard = [one for one in data.classes if one.test < LEAST_TEST]
    if hard:
        names = listed([f"{printable(one.name)} ({count(one.test)})" for one in hard], _LISTED)
        told.append(f"Fewer than {LEAST_TEST} test images show how well it knows these classes: {names}.")
    unknown = sorted(set(facts.model.classes) - {one.name for one in data.classes})
    if unknown:
        told.append(f"It never saw an image of {listed([printable(one) for one in unknown], _LISTED)}.")
    unseen = sum(n for source, n in data.sources if source == "automatic")
    if unseen > _MANY * data.images:
        part = share(unseen / data.images)
        told.append(f"{part} of the labels were given by an assistant that was sure, and seen by nobody.")
    return told


def _training(facts: CardFacts) -> list[str]:
    run = facts.training
    if run is None or not run.held_out:
        return ["It was not measured on held-out images here when it was made."]
    told = []
    for one in run.held_out:
        what = f"with {one.fault}" if one.fault else "as they are"
        weak = [(name, each) for name, each in one.recalls if _below(each, one.accuracy)]
        if weak:
            names = listed([f"{printable(name)} {figure(each)}" for name, each in weak], _LISTED)
            told.append(f"On held-out images {what} it is worse on some classes than over all: {names}.")
        if one.gain is not None and one.gain.high is not None and one.gain.high < 0:
            told.append(f"On held-out images {what} it was worse than the champion of then.")
    if run.held_out[0].split != "test":
        split = run.held_out[0].split
        told.append(
            f"It was measured on the {split} split, which told when to stop: figures may be a little high."
        )
    if run.kind == "repair":
        told.append("The camera fault that it withstands was simulated; real ones may look otherwise.")
    if run.kind == "adapt":
        told.append("Its normalisations were fitted to recent images alone: on others it may be worse.")
    return told


def _production(facts: CardFacts) -> list[str]:
    found, whole = facts.production, facts.production.whole
    if not found.known:
        return ["How right its boxes are is not measured, neither on held-out images nor in production."]
    if whole is None:
        return ["It has not answered in production: how it does on images from there is not known."]
    if whole.accuracy.value is None:
        why = (
            "none of them has a label"
            if not whole.labels
            else "only images chosen for what they show have a label"
        )
        return [f"Its accuracy in production is not known: of {several(whole.predictions, 'answer')} {why}."]
    told = []
    if whole.basis == "told":
        told.append(
            "Labels in production were told by another system. They are taken as if their images had been "
            "drawn at random, which nobody knows; figures are wrong where, say, only doubtful images are "
            "looked at."
        )
    weak = [
        (f"{tag} = {value}", one.accuracy)
        for tag, value, one in found.segments
        if _below(one.accuracy, whole.accuracy)
    ]
    if weak:
        names = listed([f"{printable(name)} {figure(one)}" for name, one in weak], _LISTED)
        told.append(
            f"In production it is worse on some segments than over all ({points(whole.accuracy.value)}): "
            f"{names}."
        )
    low = [(one.name, one.recall) for one in whole.classes if _below(one.recall, whole.accuracy)]
    if low:
        names = listed(
            [f"{printable(name)} {points(one.value)} ({interval(one)})" for name, one in low], _LISTED
        )
        told.append(f"In production it overlooks some classes more often than others; recall: {names}.")
    error, noise = whole.calibration.error, whole.calibration.noise
    if error.value is not None and noise is not None and error.value > noise:
        told.append(
            "Its scores are not the chances that they look like: on average they are "
            f"{100 * error.value:.1f} points off, more than chance explains ({100 * noise:.1f})."
        )
    told += [
        f"Slice of failure: {printable(one.words)}. There the model is right {figure(one.accuracy)}, "
        f"elsewhere {figure(one.rest)}, in labels of {span(one.since, one.until)}, whichever version "
        "answered."
        for one in facts.slices
    ]
    return told


def _watching(facts: CardFacts) -> list[str]:
    told = []
    if not facts.monitoring.reference:
        told.append("There is no reference: nobody is told when its images stop looking as they did.")
    if not any(one.enabled for one in facts.monitoring.monitors):
        told.append("No monitor is on: nothing about it becomes an alert.")
    if not facts.model.segment_tags:
        told.append(
            "Nothing tells images apart by camera, site or group: a weakness of one of them is not seen."
        )
    return told


def _release(facts: CardFacts) -> list[str]:
    own = [one for one in facts.promotions if one.version == facts.version.name and one.kind == "promoted"]
    return [
        f"On {one.time:%Y-%m-%d} it was promoted without the gate, by {printable(one.by)}: "
        f"{printable(one.reason)}"
        for one in own
        if one.gate is None
    ]


def _below(one: Figure, whole: Figure) -> bool:
    """Whether a figure is shown to be below another: not even its interval reaches that one's value."""
    return one.high is not None and whole.value is not None and one.high < whole.value
