"""Labelled images in memory, in files and in part, and what is said of labels that do not fit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from driftwheel.errors import SourceError, UsageError
from driftwheel.learning.labelled_images import FewerImages, ImageFiles, ImagesInMemory, LabelledImages


def _grey(level: int) -> np.ndarray:
    return np.full((6, 8, 3), level, np.uint8)


def test_folders_are_classes_in_order_of_their_names(tmp_path: Path) -> None:
    for name, level in (("dog", 20), ("cat", 10)):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "1.png"), _grey(level))
    (tmp_path / "empty").mkdir()

    files = ImageFiles.in_folders(tmp_path)

    assert isinstance(files, LabelledImages)
    assert files.classes == ("cat", "dog")
    assert files.labels.tolist() == [0, 1]
    assert [int(files.image(i)[0, 0, 0]) for i in range(len(files))] == [10, 20]


def test_fewer_images_are_rows_in_the_order_given() -> None:
    images = ImagesInMemory(("a", "b"), np.array([0, 1, 1]), [_grey(1), _grey(2), _grey(3)])

    some = FewerImages(images, np.array([2, 0, 2]))

    assert isinstance(some, LabelledImages)
    assert (len(some), some.labels.tolist(), some.classes) == (3, [1, 0, 1], ("a", "b"))
    assert [int(some.image(i)[0, 0, 0]) for i in range(3)] == [3, 1, 3]


def test_one_folder_is_no_classes(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(b"x")

    with pytest.raises(SourceError, match="has 1 folders with files"):
        ImageFiles.in_folders(tmp_path)
    with pytest.raises(SourceError, match="There is no folder"):
        ImageFiles.in_folders(tmp_path / "none")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"x")
    files = ImageFiles(("a", "b"), np.array([0]), (tmp_path / "1.png",))

    with pytest.raises(SourceError, match=r"1\.png' cannot be read"):
        files.image(0)


@pytest.mark.parametrize(
    ("classes", "labels", "told"),
    [
        (("a", "a"), [0], "'a' is given twice"),
        (("a", "b"), [2], "from 0 to 1"),
        (("a", "b"), [0, 1], "There are 1 images"),
    ],
)
def test_labels_that_do_not_fit_are_refused(classes: tuple[str, ...], labels: list[int], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        ImagesInMemory(classes, np.array(labels), [_grey(1)])
