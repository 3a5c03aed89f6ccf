"""Boxes drawn over an image, in its own upright pixels."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from driftwheel.predictions import Box
from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import share
from driftwheel.report.printable import shortened

__all__ = ["box_overlay", "small_overlay"]

_FEW = 8
_MOST_SMALL = 60  # boxes of a thumbnail: more only hide it


def box_overlay(width: int, height: int, predicted: Sequence[Box], true: Sequence[Box] = ()) -> Markup:
    """Return an ``<svg>`` that covers an image of `width` × `height` upright pixels.

    Predicted boxes are solid, with their class and, where there are at most eight, their score; true ones are
    dashed, of another colour, and named where nothing was predicted.
    """
    few = len(predicted) <= _FEW
    size = max(width, height) / (44 if few else 56)  # of letters, in pixels of the image
    frames = [_group(f"true-{i}", box, "true-box") for i, box in enumerate(true)]
    frames += [_group(f"box-{i}", box, "said-box") for i, box in enumerate(predicted)]
    named = [(box, "said-box") for box in predicted] or [(box, "true-box") for box in true]
    tags = [part for box, kind in named for part in _tag(box, _words(box, scored=few), kind, width, size)]
    return Markup(
        '<svg class="boxes" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(width, height, Markup().join([*frames, *tags]))


def small_overlay(width: int, height: int, boxes: Sequence[Box]) -> Markup:
    """Return the same for a square thumbnail that shows the middle of the image: frames without words.

    Of more than sixty boxes the surest are drawn.
    """
    shown = sorted(boxes, key=lambda box: -(box.score or 0.0))[:_MOST_SMALL]
    frames = Markup().join(
        part for box in shown for part in (_frame(box, "box under"), _frame(box, "box said-box"))
    )
    return Markup(
        '<svg class="boxes" viewBox="0 0 {} {}" preserveAspectRatio="xMidYMid slice" '
        'aria-hidden="true">{}</svg>'
    ).format(width, height, frames)


def _group(identity: str, box: Box, kind: str) -> Markup:
    inner = Markup().join((_frame(box, "box under"), _frame(box, f"box {kind}")))
    return Markup('<g id="{}">{}</g>').format(identity, inner)


def _words(box: Box, *, scored: bool) -> str:
    score = share(box.score) if scored and box.score is not None else ""
    return f"{shortened(box.label, 24)} {score}".rstrip()


def _tag(box: Box, words: str, kind: str, width: int, size: float) -> list[Markup]:
    across = 0.62 * size * len(words) + 0.8 * size
    left = max(0.0, min(box.x, width - across))
    top = box.y - 1.5 * size if box.y >= 1.5 * size else max(box.y, 0.0)
    x, y = left + 0.4 * size, top + 1.1 * size
    return [
        element("rect", x=left, y=top, width=across, height=1.5 * size, class_=f"tag-back {kind}"),
        element("text", words, x=x, y=y, font_size=f"{size:.2f}", class_="tag-text"),
    ]


def _frame(box: Box, kind: str) -> Markup:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, class_=kind)
