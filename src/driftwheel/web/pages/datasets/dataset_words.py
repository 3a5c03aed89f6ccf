"""What pages say of dataset versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from markupsafe import Markup

from driftwheel.datasets.difference import ChangeKind
from driftwheel.datasets.example import SPLITS, Example, Split
from driftwheel.datasets.source_words import SOURCE_WORDS
from driftwheel.predictions import Box
from driftwheel.report.charts.svg import element
from driftwheel.report.numbers import count, share
from driftwheel.report.printable import shortened
from driftwheel.services.datasets.new_version import WHY_LEFT_OUT, WhyLeftOut
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.web.pages.box_overlay import small_overlay
from driftwheel.web.pages.shots import picture_address

__all__ = [
    "CHANGE_WORDS",
    "ExampleView",
    "LeftOutRow",
    "example_view",
    "left_out_rows",
    "split_bar",
]

CHANGE_WORDS: Final[Mapping[ChangeKind, str]] = {
    "added": "only in the later",
    "removed": "only in the earlier",
    "relabelled": "with another label",
    "moved": "in another split",
    "lineage": "same label, known otherwise",
}


@dataclass(frozen=True, slots=True)
class ExampleView:
    """An image of a version in a grid.

    Attributes
    ----------
    thumbnail, picture
        Where a small picture of it and the file are.
    said
        Its label in a few words.
    title
        All that is known of it, as lines.
    overlay
        Its boxes, to lie over the picture; None without any.
    """

    one: Example
    thumbnail: str
    picture: str
    said: str
    title: str
    overlay: Markup | None


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """What was left out for one reason."""

    n: int
    words: str
    names: str


def example_view(model: str, one: Example) -> ExampleView:
    """Return an image of a version of a model with that name as a grid shows it."""
    overlay = None
    if one.label.boxes and one.width and one.height:
        boxes = [Box(box.label, box.x, box.y, box.width, box.height) for box in one.label.boxes]
        overlay = small_overlay(one.width, one.height, boxes)
    origin = one.origin
    lines = [
        shortened(one.name, 80),
        SOURCE_WORDS[origin.source] + (f": {shortened(', '.join(origin.by), 80)}" if origin.by else ""),
        f"{origin.time:%Y-%m-%d %H:%M} UTC" if origin.time is not None else "",
        f"chosen for alert {origin.alert}" if origin.alert is not None else "",
        "drawn to measure on" if one.holdout else "",
        f"group {shortened(one.group, 80)}" if one.group else "",
    ]
    return ExampleView(
        one,
        picture_address(model, one.image, 320),
        picture_address(model, one.image),
        shortened(one.label.words, 60),
        "\n".join(line for line in lines if line),
        overlay,
    )


def left_out_rows(version: DatasetVersion) -> list[LeftOutRow]:
    """Return what was left out of a version, the most first."""
    rows = sorted(version.left_out.items(), key=lambda one: -one[1][0])
    return [
        LeftOutRow(n, WHY_LEFT_OUT[cast("WhyLeftOut", why)], shortened(", ".join(names), 120))
        for why, (n, names) in rows
    ]


def split_bar(counts: Mapping[Split, int], whole: int | None = None) -> Markup:
    """Return a bar of train, validation and test; `whole` is what a full one stands for.

    Examples
    --------
    >>> "70 train (70 %)" in split_bar({"train": 70, "validation": 15, "test": 15}).replace("\u00a0", " ")
    True
    """
    total = sum(counts[split] for split in SPLITS)
    said = ", ".join(
        f"{count(counts[split])} {split} ({share(counts[split] / max(total, 1))})" for split in SPLITS
    )
    parts = [element("title", said)]
    at, width = 0.0, 100 / max(whole or total, 1)
    for split in SPLITS:
        wide = counts[split] * width
        if wide:
            parts.append(element("rect", x=f"{at:.2f}%", width=f"{wide:.2f}%", height="8", class_=split))
        at += wide
    drawn = Markup().join(parts)
    return Markup('<svg class="split-bar" role="img" aria-label="{}">{}</svg>').format(said, drawn)
