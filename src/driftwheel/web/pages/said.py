"""What a model said of an image: scores as bars, boxes as a table and over the picture."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.predictions import Box, Classification, Detection, Prediction
from driftwheel.report.charts.svg import element
from driftwheel.report.printable import printable
from driftwheel.services.browse.describe_image import ImageDescription
from driftwheel.web.pages.box_overlay import box_overlay

__all__ = ["ScoreRow", "boxes_of", "overlay_of", "score_rows"]

_MOST_SCORES = 8


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A class, its score, a bar of it, and whether it is what the model said."""

    label: str
    score: float
    bar: Markup
    top: bool


def score_rows(prediction: Prediction | None) -> list[ScoreRow]:
    """Return the classes with the highest scores, at most eight; the one that was named is among them."""
    if not isinstance(prediction, Classification):
        return []
    named = prediction.label
    ordered = sorted(prediction.scores.items(), key=lambda pair: (pair[0] != named, -pair[1]))
    kept = sorted(ordered[:_MOST_SCORES], key=lambda pair: -pair[1])
    return [
        ScoreRow(printable(label), score, _bar(score, label == named), label == named)
        for label, score in kept
    ]


def boxes_of(prediction: Prediction | None) -> tuple[Box, ...]:
    """Return the boxes of a detection; none for a classification."""
    return prediction.boxes if isinstance(prediction, Detection) else ()


def overlay_of(described: ImageDescription) -> Markup | None:
    """Return the boxes to lay over the picture; None without any, or where its size is not known."""
    record = described.record
    predicted = boxes_of(record.prediction)
    true = boxes_of(None if described.truth is None else described.truth.truth)
    if not (predicted or true) or not record.width or not record.height:
        return None
    return box_overlay(record.width, record.height, predicted, true)


def _bar(score: float, top: bool) -> Markup:
    parts = Markup().join(
        (
            element("rect", width="100%", height="8", rx="3"),
            element("rect", width=f"{100 * score:.1f}%", height="8", rx="3"),
        )
    )
    return Markup('<svg class="bar{}" aria-hidden="true">{}</svg>').format(" top" if top else "", parts)
