from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image as Picture

from driftwheel.errors import UsageError
from driftwheel.images.decode import decode
from driftwheel.records import Image, Unreadable
from driftwheel.sources import open_source

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)


def test_whatever_an_item_is(tmp_path, jpeg):
    (tmp_path / "on_disk.jpg").write_bytes(jpeg(3))
    whole = Image("whole", jpeg(6), tags={"camera": "2"})
    gone = str(tmp_path / "gone.jpg")
    items = [GREY, jpeg(1), bytearray(jpeg(2)), tmp_path / "on_disk.jpg", ("named", GREY), ("b", jpeg(5)),
             whole, Picture.fromarray(GREY), gone]  # fmt: skip
    source = open_source(iter(items))
    out = list(source)
    assert source.count is None
    assert [getattr(item, "name", None) or item.image for item in out] == [
        "00000000", "00000001", "00000002", str(tmp_path / "on_disk.jpg"), "named", "b", "whole", "00000007",
        str(tmp_path / "gone.jpg"),
    ]  # fmt: skip
    assert out[0].data is GREY
    assert [item.data for item in out[1:4]] == [jpeg(1), jpeg(2), jpeg(3)]
    assert out[6].tags == {"camera": "2"}
    assert np.array_equal(out[7].data, GREY)
    assert out[8] == Unreadable(str(tmp_path / "gone.jpg"), "no such file")


def test_lists_and_mappings_come_in_order_of_name(names, jpeg):
    pairs = [("c", jpeg()), ("a", jpeg()), ("b", jpeg())]
    assert names(open_source(pairs)) == names(open_source(dict(pairs))) == ["a", "b", "c"]
    assert names(open_source(pair for pair in pairs)) == ["c", "a", "b"]
    assert open_source(pairs).count == open_source(dict(pairs)).count == 3


def test_a_list_can_be_gone_through_again_and_an_iterator_once(names, jpeg):
    source = open_source([jpeg(1), jpeg(2)])
    assert names(source) == names(source) == ["00000000", "00000001"]
    assert names(source.only({"00000001"})) == ["00000001"]
    once = open_source(iter([jpeg(1)]))
    assert names(once) == ["00000000"]
    assert names(once) == []


def test_a_palette_picture_keeps_its_colours():
    picture = Picture.fromarray(np.dstack([GREY * 3, GREY * 2, GREY])).quantize(8)
    (image,) = open_source([picture])
    assert np.array_equal(decode(image.data).pixels[:, :, ::-1], np.asarray(picture.convert("RGB")))


def test_a_stack_of_images_is_several(names):
    assert len(names(open_source(np.zeros((3, 8, 8), np.uint8)))) == 3
    assert len(names(open_source(np.zeros((2, 8, 8, 3), np.uint8)))) == 2
    with pytest.raises(UsageError, match=r"shape \(8, 8, 3\) is one image, not several. Put it into a list"):
        open_source(np.zeros((8, 8, 3), np.uint8))


def test_an_item_keeps_its_own_time(jpeg):
    time = datetime(2026, 3, 5, tzinfo=UTC)
    (image,) = open_source([Image("2025-01-01", jpeg(), time)])
    assert image.time == time
    (image,) = open_source([Image("2025-01-01", jpeg(), time)], name_pattern="{time:%Y-%m-%d}")
    assert image.time == datetime(2025, 1, 1, tzinfo=UTC)


def test_what_is_no_image():
    with pytest.raises(UsageError, match="Item '00000001' is of type int, which is no image"):
        list(open_source([GREY, 5]))
    with pytest.raises(UsageError, match="A int is no source of images"):
        open_source(5)
    with pytest.raises(UsageError, match="Bytes are one image"):
        open_source(b"abc")
