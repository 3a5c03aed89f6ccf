"""Confusion matrices in cards: all of a few classes, the most frequent confusions of many."""

from __future__ import annotations

import numpy as np

from driftwheel.cards.compose_confusion import MOST_CLASSES, compose_confusion
from driftwheel.cards.confusion_facts import confusion_facts
from driftwheel.cards.document import Drawing, Grid
from driftwheel.performance.confusion import ConfusionMatrix, confusion_matrix

TRUE = ["cat", "cat", "cat", "dog", "dog"]
SAID = ["cat", "dog", "dog", "dog", "<b>cow</b>"]


def test_a_few_classes_are_drawn_with_their_table() -> None:
    (block,) = compose_confusion(confusion_facts(confusion_matrix(TRUE, SAID)), "here", "images")
    assert isinstance(block, Drawing)
    assert block.title == "Confusion matrix here: images"
    assert block.table is not None
    assert block.table.head == ("True", "named <b>cow</b>", "named cat", "named dog")
    assert block.table.rows[1:] == (("cat", "0", "1", "2"), ("dog", "1", "0", "1"))
    assert "<title>cat named dog: 2, 67" in block.picture
    assert "<b>" not in block.picture
    assert ">cat 2</text>" in block.picture  # <b>cow</b> is too long for a column: classes are numbered


def test_of_many_classes_the_most_frequent_confusions_are_told() -> None:
    n = MOST_CLASSES + 1
    counts = np.diag(np.full(n, 7.0))
    counts[3, 4], counts[5, 2] = 3.0, 0.5
    names = tuple(f"c{number:02}" for number in range(n))
    (block,) = compose_confusion(confusion_facts(ConfusionMatrix(names, counts)), "here", "images")
    assert isinstance(block, Grid)
    assert [row[:3] for row in block.rows] == [("c03", "c04", "3"), ("c05", "c02", "0.5")]
    assert block.rows[0][3].replace("\u202f", " ").replace("\u00a0", " ") == "30 %"
    right = confusion_facts(ConfusionMatrix(names, np.diag(np.full(n, 7.0))))
    assert compose_confusion(right, "here", "images") == []


def test_of_nothing_there_is_no_matrix() -> None:
    assert compose_confusion(confusion_facts(confusion_matrix([], [])), "here", "images") == []
