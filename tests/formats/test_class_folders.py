from __future__ import annotations

import pytest
from tests.formats.label_samples import Held

from driftwheel.errors import LabelFormatError
from driftwheel.formats.class_folders import read_class_folders, write_class_folders
from driftwheel.formats.labelled_image import Answer, ClassLabel, LabelledImage
from driftwheel.formats.losses import Losses


def classes(*names: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    labels = read_class_folders(Held(dict.fromkeys(names, b"")))
    return labels.classes, [(one.name, one.answers[0].classes[0].label) for one in labels.images]


def of(name: str, *labels: str) -> LabelledImage:
    return LabelledImage(name, answers=(Answer(tuple(map(ClassLabel, labels))),))


def written(*images: LabelledImage) -> dict[str, str | None]:
    return {file.path: file.image for file in write_class_folders(images, losses=Losses())}


def test_the_class_is_the_first_folder_and_other_files_are_none() -> None:
    assert classes("dog é/x/1.jpg", "cat/2.PNG", "cat/notes.txt") == (
        ("cat", "dog é"),
        [("cat/2.PNG", "cat"), ("dog é/x/1.jpg", "dog é")],
    )


def test_splits_are_no_classes_unless_one_is() -> None:
    assert classes("train/cat/1.jpg", "val/dog/2.jpg")[0] == ("cat", "dog")
    assert classes("train/1.jpg", "bus/2.jpg")[0] == ("bus", "train")


def test_copies() -> None:
    images = (
        of("a.jpg", "cat"),
        of("day 1/a.jpg", "cat"),
        of("cat/b.jpg", "cat"),
        of("train/dog/c.jpg", "dog"),
    )
    assert written(*images) == {
        "cat/a.jpg": "a.jpg",
        "cat/day 1/a.jpg": "day 1/a.jpg",
        "cat/b.jpg": "cat/b.jpg",
        "train/dog/c.jpg": "train/dog/c.jpg",
    }


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([of("a.jpg", "x", "y")], r"'a\.jpg' has 2 classes"),
        ([of("a.jpg", "../x")], "leads out"),
        ([of("a.jpg", "x/y")], "the class 'x/y' is no name of a folder"),
        ([of("a.jpg", "x"), of("x/a.jpg", "x")], r"'x/a\.jpg' and 'a\.jpg' would both be 'x/a\.jpg'"),
    ],
)
def test_what_folders_cannot_say(images: list[LabelledImage], message: str) -> None:
    with pytest.raises(LabelFormatError, match=message):
        written(*images)


def test_an_image_in_no_folder() -> None:
    with pytest.raises(LabelFormatError, match=r"held: 'a\.jpg' lies in no folder.*'some class/a\.jpg'"):
        classes("a.jpg", "cat/b.jpg")
    with pytest.raises(
        LabelFormatError, match=r"'train/a\.jpg' lies in no folder.*'train/some class/a\.jpg'"
    ):
        classes("train/a.jpg")
