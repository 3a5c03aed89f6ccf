"""Dataset versions as files of other tools, and folders of other tools as dataset versions."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.datasets.labelled_animals import Animals, animals, picture

from driftwheel.datasets.example_json import example_of_line
from driftwheel.errors import LabelFormatError, SourceError, UsageError
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.datasets.compare_versions import compare_versions, list_changes
from driftwheel.services.datasets.export_version import (
    VersionExport,
    dataset_file_name,
    export_manifest,
    export_version,
)
from driftwheel.services.datasets.new_version import LabelChoice
from driftwheel.services.datasets.open_dataset import open_dataset
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.services.datasets.remove_version import change_note, remove_version
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model
from driftwheel.store.records.retention import unused_digests


@pytest.fixture
def it(shared_database: Engine, dataset_blobs: Blobs) -> Animals:
    return animals(shared_database, dataset_blobs, 2)


def write_folder(folder: Path, *, splits: bool = False, n: int = 12) -> Path:
    for number in range(n):
        split = ("train/", "val/", "test/")[number % 3] if splits else ""
        path = folder / f"{split}{'cat' if number % 2 else 'dog'}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return folder


def exported(it: Animals, version: DatasetVersion, form: LabelFormat, **options: object) -> bytes:
    out = io.BytesIO()
    export_version(it.blobs, version, form, out, VersionExport(**options))  # type: ignore[arg-type]
    return out.getvalue()


def test_a_folder_of_classes_becomes_a_version_that_is_opened(it: Animals, folder: Path) -> None:
    version = it.version(folder=write_folder(folder), called="from the camera")
    assert (version.images, version.classes, version.contents.sources) == (12, ("cat", "dog"), {"folder": 12})
    one = it.examples(version)["cat/1.png"]
    assert (one.label.words, one.origin.reason, one.width) == ("cat", "from the camera", 8)
    with reading(it.engine) as connection:
        data = open_dataset(connection, it.blobs, it.model, 1)
    assert [len(data.train), len(data.validation), len(data.test)] == [8, 2, 2]
    for images in (data.train, data.validation, data.test):
        assert isinstance(images, LabelledImages)
        for i, label in enumerate(images.labels):
            grey = images.image(i)
            assert (grey.shape, grey.dtype) == ((8, 8, 3), np.uint8)
            assert images.classes[label] == ("cat" if grey[0, 0, 0] % 2 else "dog")
    assert not it.make(folder=folder, called="from the camera", by="another").is_new, "the same content"


def test_what_was_written_comes_back_as_it_was(it: Animals, folder: Path, tmp_path: Path) -> None:
    version = it.version(folder=write_folder(folder, splits=True))
    assert version.contents.splits == {"train": 4, "validation": 4, "test": 4}
    path = tmp_path / "all.zip"
    path.write_bytes(exported(it, version, LabelFormat.FOLDERS))
    assert path.read_bytes() == exported(it, version, LabelFormat.FOLDERS), "the same is the same file"
    assert it.version(folder=path).content == version.content
    labels = tmp_path / "labels.csv"
    labels.write_bytes(exported(it, version, LabelFormat.CSV))
    with zipfile.ZipFile(path) as archive:  # the folder of a class stands behind that of the split
        assert sorted(archive.namelist()) == sorted(line.split(",")[0] for line in _lines(labels))


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()[1:]


def test_boxes_go_through_every_format_that_has_them(it: Animals, folder: Path, tmp_path: Path) -> None:
    (folder / "images").mkdir()
    (folder / "labels").mkdir()
    for number in range(4):
        (folder / "images" / f"{number}.png").write_bytes(picture(100 + number, 64))
        (folder / "labels" / f"{number}.txt").write_text("1 0.5 0.5 0.25 0.5\n" * (number % 3))
    (folder / "data.yaml").write_text("names: [cat, dog]\n")
    version = it.version(folder=folder, kind="boxes")
    assert (version.contents.boxes, version.contents.nothing) == (3, 2)
    for form in (
        LabelFormat.YOLO,
        LabelFormat.COCO,
        LabelFormat.VOC,
        LabelFormat.CVAT,
        LabelFormat.LABEL_STUDIO,
    ):
        target = tmp_path / f"{form.value}{SINGLE_FILES.get(form, '.zip')}"
        beside = form not in SINGLE_FILES
        target.write_bytes(exported(it, version, form, images=beside))
        if form is LabelFormat.YOLO:
            assert it.make(folder=target, kind="boxes").version.content == version.content
    coco = json.loads((tmp_path / "coco.json").read_text())
    assert [one["id"] for one in coco["annotations"]] == [1, 2, 3]
    assert coco["annotations"][0]["bbox"] == [24, 16, 16, 32]
    with pytest.raises(LabelFormatError, match="allow 'boxes'"):
        exported(it, version, LabelFormat.CSV)
    assert exported(it, version, LabelFormat.CSV, allow=frozenset(Loss)).startswith(b"image,label")
    with (
        reading(it.engine) as connection,
        pytest.raises(UsageError, match="classifiers learn from versions of the kind 'class'"),
    ):
        open_dataset(connection, it.blobs, it.model, version.number)


def test_a_manifest_says_everything_and_can_be_checked(it: Animals, folder: Path) -> None:
    version = it.version(folder=write_folder(folder))
    lines = b"".join(export_manifest(it.blobs, version)).splitlines(keepends=True)
    assert hashlib.sha256(lines[0]).digest() == version.digest
    (part,) = json.loads(lines[0])["parts"]
    assert hashlib.sha256(b"".join(lines[1:])).hexdigest() == part["sha256"]
    assert [example_of_line(line) for line in lines[1:]] == list(examples_of(it.blobs, version))
    assert dataset_file_name("pets & co", version, None) == "pets---co-dataset-1.jsonl"
    test = exported(it, version, LabelFormat.CSV, split="test").decode().splitlines()
    assert test[0] == "image,label"
    assert len(test) == 1 + version.contents.splits["test"]


def test_a_label_file_corrects_an_earlier_version(it: Animals, folder: Path, tmp_path: Path) -> None:
    first = it.version(folder=write_folder(folder))
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("image,label\ncat/1.png,dog\ntest/cat/3.png,dog\ncat/5.png,cat\nnothing.png,cat\n")
    made = it.version(parent=1, folder=corrections, by="anna")
    assert made.left_out == {"no_such_image": (1, ("nothing.png",))}
    found = compare_versions(it.blobs, first, made)
    assert found.counted.changes == {"relabelled": 2}
    assert found.counted.relabelled == {("cat", "dog"): 2}
    changed = found.examples["relabelled"][0].after
    assert changed is not None
    assert (changed.origin.source, changed.origin.by) == ("review", ("anna",))
    pages = [list_changes(it.blobs, first, made, limit=1)]
    pages.append(list_changes(it.blobs, first, made, after_image=pages[0][0].either.image, limit=9))
    assert sorted(one.either.name for page in pages for one in page) == ["cat/1.png", "cat/3.png"]


def test_what_a_folder_says_twice_or_not_at_all(it: Animals, folder: Path) -> None:
    write_folder(folder)
    (folder / "cat" / "0.png").write_bytes(picture(0))  # a dog, too
    (folder / "cat" / "again.png").write_bytes(picture(1))
    version = it.version(folder=folder)
    assert (version.images, version.left_out["two_labels"][0]) == (11, 1)
    (folder / "cow").mkdir()
    (folder / "cow" / "1.png").write_bytes(picture(200))
    with pytest.raises(UsageError, match=r"'cow/1\.png' is labelled 'cow', .* --new-classes"):
        it.make(folder=folder)
    assert it.version(folder=folder, new_classes=True).classes == ("cat", "dog", "cow")
    (folder / "cat" / "bad.png").write_bytes(b"no image")
    with pytest.raises(LabelFormatError, match=r"bad\.png is not an image"):
        it.make(folder=folder, new_classes=True)
    with pytest.raises(UsageError, match="No labelled image can be used"):
        it.make(folder=write_folder(folder.parent / "boxes"), kind="boxes")
    with pytest.raises(UsageError, match="no file or folder"):
        it.make(folder=folder / "nowhere", reading=LabelOptions())


def test_removing_lets_go_of_what_nothing_else_names(it: Animals, folder: Path) -> None:
    it.version(folder=write_folder(folder))
    (folder / "cat" / "more.png").write_bytes(picture(222))
    second = it.version(folder=folder)
    image = it.examples(second)["cat/more.png"].image
    shared = it.examples(second)["cat/1.png"].image
    gone = remove_version(it.engine, it.model, 2, by="lead", now=second.created)
    assert (gone.number, gone.digest, gone.removed_by) == (2, second.digest, "lead")
    with reading(it.engine) as connection:
        assert unused_digests(connection, [image, shared, second.digest]) == {image, second.digest}
    for act in (
        lambda: list(examples_of(it.blobs, gone)),
        lambda: it.make(parent=2),
        lambda: remove_version(it.engine, it.model, 2, by="lead", now=second.created),
    ):
        with pytest.raises(UsageError, match="was removed"):
            act()
    third = it.make(folder=folder)
    assert (third.is_new, third.version.number, third.version.digest) == (True, 3, second.digest)
    assert change_note(it.engine, it.model, 3, "kept", by="lead", now=second.created).note == "kept"


def test_a_lost_part_and_a_lost_image_are_told(it: Animals, folder: Path) -> None:
    version = it.version(folder=write_folder(folder, n=1))
    (image,) = (one.image for one in it.examples(version).values())
    it.blobs.delete(image)
    with pytest.raises(LabelFormatError, match=r"is no longer kept\. Restore it from a backup"):
        exported(it, version, LabelFormat.FOLDERS)
    with reading(it.engine) as connection:
        assert find_model(connection, it.model)
        data = open_dataset(connection, it.blobs, it.model, 1)
    with pytest.raises(SourceError, match="Restore it from a backup"):
        data.train.image(0)
    it.blobs.delete(version.digest)
    with pytest.raises(UsageError, match=r"head of the dataset version 1 .* is gone"):
        it.examples(version)
    with pytest.raises(UsageError, match="head"):
        it.make(parent=1, labels=LabelChoice())
