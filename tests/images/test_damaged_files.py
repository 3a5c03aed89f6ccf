"""Whatever the bytes are, decoding gives pixels or a reason, and never anything else."""

import contextlib
import io

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from driftwheel.errors import UnreadableImageError
from driftwheel.images.decode import decode
from driftwheel.images.header import read_header

SMOOTH = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (33, 47, 3), dtype=np.uint8), (0, 0), 2)


def save(pixels, kind, **options):
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, kind, **options)
    return file.getvalue()


def with_thumbnail():
    """A JPEG with a whole small JPEG in its EXIF block, as cameras write them."""
    small = save(SMOOTH[::4, ::4].copy(), "JPEG")
    entry = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0"
    return save(SMOOTH, "JPEG", exif=b"Exif\0\0" + entry + small)


FILES = {
    "jpeg": save(SMOOTH, "JPEG"),
    "jpeg progressive": save(SMOOTH, "JPEG", progressive=True),
    "jpeg grey": save(SMOOTH[:, :, 0], "JPEG"),
    "jpeg cmyk": save(Image.fromarray(SMOOTH).convert("CMYK"), "JPEG"),
    "jpeg with thumbnail": with_thumbnail(),
    "png": save(SMOOTH, "PNG"),
    "png palette": save(Image.fromarray(SMOOTH).quantize(16), "PNG", transparency=1),
    "png 16": cv2.imencode(".png", SMOOTH.astype(np.uint16) * 257)[1].tobytes(),
    "webp": save(SMOOTH, "WEBP"),
    "webp lossless": save(SMOOTH, "WEBP", lossless=True),
    "bmp": save(SMOOTH, "BMP"),
    "bmp palette": save(Image.fromarray(SMOOTH).quantize(16), "BMP"),
    "tiff": save(SMOOTH, "TIFF"),
    "tiff lzw": save(SMOOTH, "TIFF", compression="tiff_lzw"),
    "tiff deflate": save(SMOOTH, "TIFF", compression="tiff_adobe_deflate"),
    "tiff jpeg": save(SMOOTH, "TIFF", compression="jpeg"),
    "tiff 16": cv2.imencode(".tiff", SMOOTH.astype(np.uint16) * 257)[1].tobytes(),
    "gif": save(Image.fromarray(SMOOTH).quantize(64), "GIF"),
    "gif animated": save(
        Image.fromarray(SMOOTH), "GIF", save_all=True, append_images=[Image.fromarray(255 - SMOOTH)]
    ),
    "webp animated": save(
        Image.fromarray(SMOOTH), "WEBP", save_all=True, append_images=[Image.fromarray(255 - SMOOTH)]
    ),
}


def decodes_or_says_why(data):
    try:
        decoded = decode(data, max_pixels=10_000_000)
    except UnreadableImageError as error:
        return error.reason
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.shape == (decoded.header.height, decoded.header.width, 3)
    return None


@pytest.mark.parametrize("kind", FILES)
def test_files_are_sound_to_begin_with(kind):
    assert decodes_or_says_why(FILES[kind]) is None


@pytest.mark.parametrize("kind", FILES)
def test_cut_off_anywhere_is_never_taken_for_whole(kind):
    data = FILES[kind]
    for end in {*range(0, len(data), max(1, len(data) // 60)), len(data) - 1, len(data) - 2}:
        reason = decodes_or_says_why(data[:end])
        if kind.startswith("tiff") and reason is None:  # what follows the pixels may be cut off without harm
            assert np.array_equal(decode(data[:end]).pixels, decode(data).pixels)
        elif end == 0:
            assert reason == "empty"
        elif end >= 32:
            assert reason == "truncated", end
        else:
            assert reason in {"truncated", "not an image"}, end


@pytest.mark.parametrize("kind", FILES)
def test_bytes_behind_the_end_do_no_harm(kind):
    data = FILES[kind]
    for behind in (b"\0" * 40, b"behind the end", FILES["jpeg"]):
        np.testing.assert_array_equal(decode(data + behind).pixels, decode(data).pixels)


def test_an_embedded_thumbnail_does_not_hide_that_a_file_was_cut_off():
    data = FILES["jpeg with thumbnail"]
    assert data.count(b"\xff\xd9") == 2
    cut = data[: data.rindex(b"\xff\xda") + 40]
    assert cut.count(b"\xff\xd9") == 1
    with pytest.raises(UnreadableImageError, match="truncated"):
        decode(cut)


def test_damage_where_a_sum_is_kept_is_corrupt():
    for kind in ("png", "png palette", "png 16"):
        data = bytearray(FILES[kind])
        data[data.index(b"IDAT") + 30] ^= 0x40
        with pytest.raises(UnreadableImageError, match="corrupt"):
            decode(bytes(data))


SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(st.binary(max_size=300))
def test_random_bytes(data):
    decodes_or_says_why(data)


@SLOW
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=120))
def test_random_bytes_behind_a_true_beginning(kind, tail):
    for start in (4, 12, 16, 32):
        decodes_or_says_why(FILES[kind][:start] + tail)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_changed_bytes(kind, data):
    changed = bytearray(FILES[kind])
    head = data.draw(st.booleans())
    most = min(len(changed), 120) if head else len(changed)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, most - 1))] = data.draw(st.integers(0, 255))
    decodes_or_says_why(bytes(changed))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_pieces_taken_out_repeated_or_put_in(kind, data):
    file = FILES[kind]
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.integers(start, min(len(file), start + 200)))
    piece = data.draw(st.sampled_from([b"", file[start:end] * 2, bytes(20), b"\xff" * 20]))
    decodes_or_says_why(file[:start] + piece + file[end:])


@SLOW
@given(st.binary(max_size=200))
def test_headers_of_anything(data):
    for kind in FILES:
        with contextlib.suppress(UnreadableImageError):
            assert read_header(FILES[kind][:20] + data).width > 0
