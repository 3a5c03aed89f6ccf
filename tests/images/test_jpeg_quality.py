import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from driftwheel.images.header import read_header
from driftwheel.images.jpeg_quality import ijg_tables, quality_of_tables

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLOUR = np.dstack([GREY, GREY.T, 255 - GREY])


def pillow(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_every_quality_is_told_exactly_from_files_of_opencv_and_pillow(pixels):
    for quality in range(1, 101):
        by_opencv = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        assert read_header(by_opencv).jpeg_quality == quality
        by_pillow = pillow(pixels, quality=quality) if quality < 100 else pillow(pixels, quality=100)
        assert read_header(by_pillow).jpeg_quality == quality


def test_progressive_and_differently_sampled_files_keep_their_quality():
    for options in ({"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"optimize": True}):
        assert read_header(pillow(COLOUR, quality=61, **options)).jpeg_quality == 61


def test_tables_with_16_bit_steps():
    luminance, chrominance = ijg_tables(10, baseline=False)
    assert max(luminance) > 255
    coded = [b"".join(step.to_bytes(2, "big") for step in table) for table in (luminance, chrominance)]
    assert quality_of_tables(*coded) == 10


def test_known_table_of_annex_k():
    # ITU-T T.81 table K.1 read along the zigzag: quality 50 leaves it as it is
    assert ijg_tables(50)[0][:10] == (16, 11, 12, 14, 12, 10, 16, 14, 13, 14)
    assert ijg_tables(50)[0][-1] == 99
    assert ijg_tables(100) == ((1,) * 64, (1,) * 64)


@given(st.integers(2, 95), st.lists(st.sampled_from([-1, 0, 0, 1]), min_size=64, max_size=64))
def test_a_table_that_is_a_little_off_is_of_nearly_that_quality(quality, off):
    table = bytes(min(max(step + o, 1), 255) for step, o in zip(ijg_tables(quality)[0], off, strict=True))
    assert abs(quality_of_tables(table) - quality) <= 3


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=64, max_size=64))
def test_any_tables_have_a_quality(luminance, chrominance):
    assert 1 <= quality_of_tables(luminance, chrominance) <= 100


def test_tables_of_another_make_get_the_quality_nearest_in_log_steps():
    flat = bytes([16] * 64)
    distances = [np.abs(np.log2(np.array(ijg_tables(q)[0])) - 4).mean() for q in range(1, 101)]
    assert quality_of_tables(flat) == 1 + int(np.argmin(distances))
    assert 75 < quality_of_tables(flat) < 95


def test_tables_of_a_wrong_length_have_no_quality():
    assert np.isnan(quality_of_tables(b"\x10" * 63))
