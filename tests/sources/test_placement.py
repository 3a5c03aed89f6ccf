import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image as Picture

from driftwheel.records import Image, Unreadable
from driftwheel.sources import open_source
from driftwheel.sources.placement import exif_time


def with_exif(kind, time):
    block = Picture.Exif()
    block[0x010F] = "maker"
    block.get_ifd(0x8769)[0x9003] = time
    file = io.BytesIO()
    Picture.fromarray(np.zeros((8, 8, 3), np.uint8)).save(file, kind, exif=block)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_time_is_found_in_every_format_that_holds_exif(kind):
    assert exif_time(with_exif(kind, "2026:03:05 06:15:00")) == datetime(2026, 3, 5, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n\x1a\neXIf", b"II*\0\x08\0\0\0"]
)
def test_files_without_a_time(data):
    assert exif_time(data) is None


@pytest.fixture
def images(tmp_path):
    exif = with_exif("JPEG", "2020:01:01 00:00:00")
    plain = with_exif("BMP", "2020:01:01 00:00:00")
    table = tmp_path / "t.csv"
    table.write_text("image,time,camera\nleft_20220101.jpg,2023-01-01,table\nright_20220101.jpg,,table\n")
    return table, [
        ("left_20220101.jpg", exif),
        ("middle_20220101.jpg", exif),
        ("odd.bmp", plain),
        ("odd.jpg", exif),
        ("right_20220101.jpg", exif),
    ]


def test_the_table_goes_before_the_name_and_the_name_before_exif(images):
    table, pairs = images
    source = open_source(pairs, name_pattern="{camera}_{time:%Y%m%d}", table=table)
    placed = {image.name: (image.time and image.time.year, dict(image.tags)) for image in source}
    assert placed == {
        "left_20220101.jpg": (2023, {"camera": "table"}),
        "middle_20220101.jpg": (2022, {"camera": "middle"}),
        "odd.bmp": (None, {}),
        "odd.jpg": (2020, {}),
        "right_20220101.jpg": (2022, {"camera": "table"}),
    }
    assert (source.unfitting, source.unlisted) == (2, 3)
    assert any("2 of 5 names" in note and "'odd.bmp'" in note for note in source.notes)
    assert any("3 of 5 images" in note and "no row" in note for note in source.notes)
    assert [image.time.year for image in source.only({"left_20220101.jpg"})] == [2023]
    assert (source.unfitting, source.unlisted) == (2, 3), "a second look at some images counts nothing"
    list(source)
    assert (source.unfitting, source.unlisted) == (2, 3)


def test_without_pattern_and_table_there_is_only_exif(images):
    source = open_source(images[1])
    assert [image.time and image.time.year for image in source] == [2020, 2020, None, 2020, 2020]
    assert source.notes == ()


def test_unreadable_images_are_placed_too():
    (item,) = open_source(
        [("left_20220101.jpg", "/nowhere/at/all.jpg")], name_pattern="{camera}_{time:%Y%m%d}"
    )
    assert item == Unreadable("left_20220101.jpg", "no such file")
    assert item.time == datetime(2022, 1, 1, tzinfo=UTC)
    assert item.tags == {"camera": "left"}


def test_own_tags_are_kept():
    own = Image("left_1", b"x", tags={"site": "Ghent", "camera": "own"})
    (image,) = open_source([own], name_pattern="{camera}_{_}")
    assert image.tags == {"site": "Ghent", "camera": "left"}
