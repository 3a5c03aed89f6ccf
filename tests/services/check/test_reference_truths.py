"""The truths of a reference: from folders, tables, mappings and sequences."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwheel.errors import UsageError
from driftwheel.services.check.reference_truths import NO_CLASS, NOT_KNOWN, Truth, read_truth, true_columns

CLASSES = ("cat", "dog")
IMAGES = ("cat/1.jpg", "dog/2.jpg", "cow/3.jpg", "4.jpg")


def columns(
    truth: Truth, images: tuple[str, ...] = IMAGES, classes: tuple[str, ...] = CLASSES
) -> list[int] | None:
    found = true_columns(read_truth(truth), images, classes)
    return None if found is None else found.tolist()


def test_folders_called_as_classes_are_truths_by_themselves() -> None:
    assert columns("auto") == [0, 1, NOT_KNOWN, NOT_KNOWN]
    assert columns("auto", ("cat/dog/1.jpg", "cat/2.jpg")) == [1, 0]  # the nearest
    assert columns("folders") == [0, 1, NO_CLASS, NOT_KNOWN]
    assert columns("none") is None


def test_one_folder_called_as_a_class_may_be_called_so_by_chance() -> None:
    assert columns("auto", ("cat/1.jpg", "cat/2.jpg", "3.jpg")) is None
    assert columns("folders", ("cat/1.jpg",)) == [0]


def test_a_table_a_mapping_and_a_sequence(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("image,class\n1.jpg,dog\ndog/2.jpg,horse\n", encoding="utf-8")
    assert columns(path) == [1, NO_CLASS, NOT_KNOWN, NOT_KNOWN]
    assert columns({"1.jpg": "cat", "4.jpg": "dog"}) == [0, NOT_KNOWN, NOT_KNOWN, 1]
    assert columns(["dog", "cat"], ("00000000", "00000001")) == [1, 0]


def test_numbers_are_columns_unless_classes_are_numbers() -> None:
    assert columns([1, 0, 2], ("00000000", "00000001", "00000002")) == [1, 0, NO_CLASS]
    assert columns(["7", "3"], ("00000000", "00000001"), ("3", "7")) == [1, 0]


def test_truths_that_fit_nothing_are_an_error() -> None:
    with pytest.raises(
        UsageError, match=r"has its truth in the mapping; one is called 'cat/1.jpg'. It names 'x'"
    ):
        columns({"x": "cat"})
    with pytest.raises(UsageError, match=r"are cow, the model's classes cat, dog: no truth is one of them"):
        columns("folders", ("cow/1.jpg", "2.jpg"))
    with pytest.raises(UsageError, match="has its truth in the folders"):
        columns("folders", ("1.jpg",))
