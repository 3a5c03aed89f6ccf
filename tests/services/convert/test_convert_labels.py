"""Labels through files: folders, archives, images that are turned, and nothing half written."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from driftwheel.errors import LabelFormatError, UsageError
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Loss, Note
from driftwheel.services.convert.convert_labels import Converted, LabelOptions, convert_labels

CATS = [{"id": 1, "name": "cat"}]


def jpeg(width: int, height: int, orientation: int = 1) -> bytes:
    data = cv2.imencode(".jpg", np.zeros((height, width, 3), np.uint8))[1].tobytes()
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def coco(path: Path, bbox: list[float], width: int = 64, height: int = 48, name: str = "a.jpg") -> Path:
    value = {
        "images": [{"id": 1, "file_name": name, "width": width, "height": height}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": bbox}],
        "categories": CATS,
    }
    path.write_text(json.dumps(value))
    return path


def boxes(path: Path) -> list[list[float]]:
    return [one["bbox"] for one in json.loads(path.read_text())["annotations"]]


def convert(source: Path, target: Path, **options: Any) -> Converted:
    return convert_labels(source, target, LabelOptions(**options))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "day 1").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(jpeg(64, 48))
    (folder / "day 1" / "é.jpg").write_bytes(jpeg(32, 32))
    return folder


@pytest.mark.parametrize("form", ["yolo", "voc", "cvat", "label-studio"])
@pytest.mark.parametrize("packed", [False, True])
def test_through_files_and_archives_and_back(form: str, packed: bool, tmp_path: Path, images: Path) -> None:
    source = coco(tmp_path / "a.json", [1, 2, 3, 4], 32, 32, "day 1/é.jpg")
    single = form in {"cvat", "label-studio"}
    target = tmp_path / ("out.zip" if packed and not single else "out.xml" if form == "cvat" else "out")
    copies = {} if single else {"images": images, "copy_images": True}
    convert(source, target, to_format=LabelFormat(form), **copies)
    if packed and single:
        inside = tmp_path / "packed.zip"
        with zipfile.ZipFile(inside, "w") as archive:
            archive.write(target, f"export/annotations{'.xml' if form == 'cvat' else '.json'}")
        target = inside
    if form == "label-studio" and not packed:
        target = target.rename(tmp_path / "out2.json")
    done = convert(target, tmp_path / "back.json", to_format=LabelFormat.COCO)
    assert done.from_format is LabelFormat(form)
    assert (done.images, done.boxes, done.lost) == (1, 1, ())
    assert boxes(tmp_path / "back.json") == [pytest.approx([1, 2, 3, 4], abs=0.01)]
    assert json.loads((tmp_path / "back.json").read_text())["images"][0]["file_name"] == "day 1/é.jpg"


def test_nothing_is_left_of_a_conversion_that_was_refused(tmp_path: Path) -> None:
    source = coco(tmp_path / "a.json", [1.5, 2, 3, 4])
    (tmp_path / "old.json").write_text("old")
    before = sorted(tmp_path.iterdir())
    for target, form in [("voc", "voc"), ("voc.zip", "voc"), ("a.csv", "csv")]:
        with pytest.raises(LabelFormatError, match=r"allow '(rounding|boxes)'"):
            convert(source, tmp_path / target, to_format=LabelFormat(form))
    bad = coco(tmp_path / "b.json", [1, 2, -3, 4])
    with pytest.raises(LabelFormatError):
        convert(bad, tmp_path / "old.json", to_format=LabelFormat.COCO)
    assert (tmp_path / "old.json").read_text() == "old"
    bad.unlink()
    assert sorted(tmp_path.iterdir()) == before


def test_a_trial_says_all_and_writes_nothing(tmp_path: Path) -> None:
    source = coco(tmp_path / "a.json", [60.5, 2, 30, 4])
    done = convert_labels(source, tmp_path / "voc", LabelOptions(to_format=LabelFormat.VOC), trial=True)
    assert [(one.kind, one.count, one.first) for one in done.lost] == [
        (Note.CLIPPED, 1, "'a.jpg', box 1"),
        (Loss.ROUNDING, 1, "'a.jpg', box 1"),
    ]
    assert done.refused == (Loss.ROUNDING,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_labels_of_the_stored_image_are_turned(orientation: int, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(jpeg(64, 48, orientation))
    source = coco(tmp_path / "a.json", [1, 2, 4, 8])
    options = {"to_format": LabelFormat.COCO, "images": tmp_path / "images"}
    convert(source, tmp_path / "b.json", coordinates="stored", **options)
    expected = {
        1: [1, 2, 4, 8], 2: [59, 2, 4, 8], 3: [59, 38, 4, 8], 4: [1, 38, 4, 8],
        5: [2, 1, 8, 4], 6: [38, 1, 8, 4], 7: [38, 59, 8, 4], 8: [2, 59, 8, 4],
    }  # fmt: skip
    assert boxes(tmp_path / "b.json") == [expected[orientation]]
    size = json.loads((tmp_path / "b.json").read_text())["images"][0]
    assert (size["width"], size["height"]) == ((48, 64) if orientation >= 5 else (64, 48))
    if orientation >= 5:
        with pytest.raises(
            LabelFormatError, match=r"EXIF orientation \d\) has 48 × 64. Say --coordinates stored"
        ):
            convert(source, tmp_path / "c.json", **options)
    else:
        convert(source, tmp_path / "c.json", **options)
        assert boxes(tmp_path / "c.json") == [[1, 2, 4, 8]]


def test_an_orientation_at_the_end_of_a_large_file_is_seen(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    data = cv2.imencode(".png", noise)[1].tobytes()
    exif = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    assert len(data) > 1 << 17
    (tmp_path / "images" / "a.png").write_bytes(data[:-12] + chunk + data[-12:])
    source = coco(tmp_path / "a.json", [1, 2, 4, 8], 300, 200, "a.png")
    convert(
        source,
        tmp_path / "b.json",
        to_format=LabelFormat.COCO,
        images=tmp_path / "images",
        coordinates="stored",
    )
    assert boxes(tmp_path / "b.json") == [[190, 1, 8, 4]]


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path, images: Path) -> None:
    (images / "a.jpg").write_bytes(b"not an image")
    source = coco(tmp_path / "a.json", [1, 2, 3, 4])
    with pytest.raises(LabelFormatError, match=r"The image .*/a\.jpg is not an image"):
        convert(source, tmp_path / "b.json", to_format=LabelFormat.COCO, images=images)


def test_yolo_is_of_the_image_as_displayed_or_stored(tmp_path: Path) -> None:
    (tmp_path / "set" / "labels").mkdir(parents=True)
    (tmp_path / "set" / "images").mkdir()
    (tmp_path / "set" / "images" / "a.jpg").write_bytes(jpeg(64, 48, 6))
    (tmp_path / "set" / "data.yaml").write_text("names: [cat]")
    (tmp_path / "set" / "labels" / "a.txt").write_text("0 0.25 0.25 0.5 0.5\n")
    convert(tmp_path / "set", tmp_path / "a.json", to_format=LabelFormat.COCO)
    assert boxes(tmp_path / "a.json") == [[0, 0, 24, 32]]
    convert(tmp_path / "set", tmp_path / "b.json", to_format=LabelFormat.COCO, coordinates="stored")
    assert boxes(tmp_path / "b.json") == [[24, 0, 24, 32]]


def test_sizes_of_another_image_are_refused(tmp_path: Path, images: Path) -> None:
    source = coco(tmp_path / "a.json", [1, 2, 3, 4], 65, 48)
    with pytest.raises(LabelFormatError, match=r"65 × 48 pixels.* has 64 × 48. Is it another image"):
        convert(source, tmp_path / "b.json", to_format=LabelFormat.COCO, images=images)


def test_an_image_that_is_not_there_is_told(tmp_path: Path, images: Path) -> None:
    source = coco(tmp_path / "a.json", [1, 2, 3, 4], name="gone.jpg")
    done = convert(source, tmp_path / "b.json", to_format=LabelFormat.COCO, images=images)
    assert [(one.kind, one.first) for one in done.lost] == [(Note.NO_IMAGE_FILE, "gone.jpg")]
    with pytest.raises(LabelFormatError, match=r"There is no image 'gone\.jpg'"):
        convert(source, tmp_path / "y", to_format=LabelFormat.YOLO, images=images, copy_images=True)


def test_classes_to_folders_and_back(tmp_path: Path, images: Path) -> None:
    (tmp_path / "a.csv").write_text("image,label\na.jpg,cat\nday 1/é.jpg,dog\n", encoding="utf-8")
    convert(tmp_path / "a.csv", tmp_path / "sorted", to_format=LabelFormat.FOLDERS, images=images)
    assert (tmp_path / "sorted/dog/day 1/é.jpg").read_bytes() == (images / "day 1/é.jpg").read_bytes()
    done = convert(tmp_path / "sorted", tmp_path / "b.csv")
    assert done.from_format is LabelFormat.FOLDERS
    assert "dog/day 1/é.jpg,dog" in (tmp_path / "b.csv").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="Say where they are: --images FOLDER"):
        convert(tmp_path / "a.csv", tmp_path / "other", to_format=LabelFormat.FOLDERS)


def test_links_are_followed_and_loops_are_not(tmp_path: Path, images: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "cat").symlink_to(images)
    (images / "again").symlink_to(tmp_path / "set")
    (images / "nowhere.jpg").symlink_to(tmp_path / "gone")
    (images / ".hidden.jpg").write_bytes(b"")
    done = convert(tmp_path / "set", tmp_path / "b.csv")
    assert (done.images, done.classes) == (2, 2)


@pytest.mark.parametrize("trap", ["../evil.xml", "/tmp/evil.xml", "a/../../evil.xml", "C:/evil.xml"])
def test_archives_that_lead_out_are_refused(trap: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(trap, "<annotations/>")
    with pytest.raises(LabelFormatError, match=r"a\.zip: the name '.*' leads out"):
        convert(tmp_path / "a.zip", tmp_path / "b.json", to_format=LabelFormat.COCO)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
@pytest.mark.parametrize("form", [LabelFormat.CVAT, LabelFormat.VOC])
def test_damaged_archives_are_named(method: int, form: LabelFormat, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.xml", "<annotations>" + "".join(map(str, range(3000))) + "</annotations>")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[200:260] = bytes(60)
    (tmp_path / "a.zip").write_bytes(data)
    options = {"to_format": LabelFormat.COCO, "from_format": form}
    with pytest.raises(LabelFormatError, match=r"a\.zip: a\.xml cannot be unpacked.*Get it anew"):
        convert(tmp_path / "a.zip", tmp_path / "b.json", **options)
    (tmp_path / "a.zip").write_bytes(data[:100])
    with pytest.raises(LabelFormatError, match=r"a\.zip cannot be opened"):
        convert(tmp_path / "a.zip", tmp_path / "b.json", **options)


def test_what_is_packed_too_large_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Annotations/a.xml", b"<annotation>" + b" " * (65 << 20) + b"</annotation>")
    with pytest.raises(
        LabelFormatError, match=r"Annotations/a\.xml has over 67,108,864 bytes|a\.xml has over"
    ):
        convert(tmp_path / "a.zip", tmp_path / "b.json", to_format=LabelFormat.COCO)


def test_what_is_not_clear(tmp_path: Path) -> None:
    def message(source: str, target: str = "b.json", **options: Any) -> str:
        with pytest.raises(UsageError) as refused:
            convert(tmp_path / source, tmp_path / target, **({"to_format": LabelFormat.COCO} | options))
        return str(refused.value)

    coco(tmp_path / "a.json", [1, 2, 3, 4])
    assert "There is no file or folder" in message("gone")
    assert "The format to write is not clear from 'x.json'" in message("a.json", "x.json", to_format=None)
    assert "there is no folder" in message("a.json", "no/b.json")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    assert "is there already" in message("a.json", "full", to_format=LabelFormat.YOLO)
    assert "it is a folder" in message("a.json", "full")
    assert "coco is one file; images are copied" in message("a.json", copy_images=True)
    (tmp_path / "r.json").write_text('[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}]')
    assert "a list of COCO results" in message("r.json")
    (tmp_path / "m.json").write_text('[{"image": "a.jpg", "id": 1, "annotation_id": 2}]')
    assert "JSON-MIN" in message("m.json")
    (tmp_path / "o.json").write_text("{}")
    assert "neither COCO nor Label Studio" in message("o.json")
    (tmp_path / "two").mkdir()
    coco(tmp_path / "two" / "a.json", [1, 2, 3, 4])
    coco(tmp_path / "two" / "b.json", [1, 2, 3, 4])
    assert "is not clear (a.json, b.json)" in message("two")
    assert "yolo is a folder of files" in message("a.json", from_format=LabelFormat.YOLO)
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "data.yaml").write_text("names: [a]")
    (tmp_path / "y" / "a.txt").write_text("")
    assert "Say where the images are: --images FOLDER" in message("y")
    assert "--coordinates stored needs the images" in message("a.json", coordinates="stored")
