from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from driftwheel.images.exif import orientation, time_taken

ORIGINAL, DIGITIZED, CHANGED = 0x9003, 0x9004, 0x0132
OFFSET, SUBSECOND, DIGITIZED_OFFSET = 0x9011, 0x9291, 0x9012


def exif(**fields):
    block = Image.Exif()
    inner = block.get_ifd(0x8769)
    names = {
        "original": ORIGINAL,
        "digitized": DIGITIZED,
        "offset": OFFSET,
        "subsecond": SUBSECOND,
        "digitized_offset": DIGITIZED_OFFSET,
    }
    for name, value in fields.items():
        if name == "changed":
            block[CHANGED] = value
        else:
            inner[names[name]] = value
    return block.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"original": "2026:03:05 06:15:00"}, datetime(2026, 3, 5, 6, 15, tzinfo=UTC)),
        ({"original": "2026:03:05 06:15:00", "offset": "+02:00"}, datetime(2026, 3, 5, 4, 15, tzinfo=UTC)),
        ({"original": "2026:03:05 23:15:00", "offset": "-05:30"}, datetime(2026, 3, 6, 4, 45, tzinfo=UTC)),
        (
            {"original": "2026:03:05 06:15:00", "subsecond": "25"},
            datetime(2026, 3, 5, 6, 15, 0, 250_000, tzinfo=UTC),
        ),
        (
            {"digitized": "2026:03:05 06:15:00", "digitized_offset": "+01:00"},
            datetime(2026, 3, 5, 5, 15, tzinfo=UTC),
        ),
        ({"changed": "2026:03:05 06:15:00"}, None),
        ({"original": "0000:00:00 00:00:00"}, None),
        ({"original": "    :  :     :  :  "}, None),
        ({"original": "yesterday"}, None),
        ({}, None),
    ],
)
def test_when_an_image_was_taken(fields, expected):
    assert time_taken(exif(**fields)) == expected


def test_both_byte_orders():
    little = exif(original="2026:03:05 06:15:00")
    big = b"MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0"
    big += b"\0\x01\x90\x03\0\x02\0\0\0\x14\0\0\0\x2c\0\0\0\0" + b"2026:03:05 06:15:00\0"
    assert time_taken(little) == time_taken(big) == datetime(2026, 3, 5, 6, 15, tzinfo=UTC)


@given(st.binary(max_size=120), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_any_bytes_have_an_orientation_and_perhaps_a_time(data, start):
    assert 1 <= orientation(start + data) <= 8
    time = time_taken(start + data)
    assert time is None or time.tzinfo is UTC


def test_without_a_block():
    assert orientation(None) == 1
    assert time_taken(None) is None
