import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from driftwheel.errors import UnreadableImageError
from driftwheel.images.decode import decode

RNG = np.random.default_rng(1)
RGB = cv2.GaussianBlur(RNG.integers(0, 256, (40, 61, 3), dtype=np.uint8), (0, 0), 2)
ALPHA = np.linspace(0, 255, 40 * 61).reshape(40, 61).round().astype(np.uint8)
RGBA = np.dstack([RGB, ALPHA])


def save(pixels, kind, **options):
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, kind, **options)
    return file.getvalue()


def over_black(rgba):
    return np.rint(rgba[:, :, :3] * (rgba[:, :, 3:] / 255.0))


LOSSLESS = [
    ("PNG", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("WEBP", {"lossless": True}),
]


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats_come_back_as_bgr(kind, options):
    decoded = decode(save(RGB, kind, **options))
    assert decoded.pixels.dtype == np.uint8
    np.testing.assert_array_equal(decoded.pixels, RGB[:, :, ::-1])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF"])
def test_grey_is_repeated_and_the_header_remembers(kind):
    decoded = decode(save(RGB[:, :, 0], kind))
    assert decoded.header.channels == 1
    assert decoded.pixels.shape == (40, 61, 3)
    np.testing.assert_array_equal(decoded.pixels[:, :, 0], decoded.pixels[:, :, 2])
    if kind != "JPEG":
        np.testing.assert_array_equal(decoded.pixels[:, :, 1], RGB[:, :, 0])


def test_jpeg_is_what_pillow_shows():
    data = save(RGB, "JPEG", quality=95)
    expected = np.asarray(Image.open(io.BytesIO(data)))[:, :, ::-1]
    assert np.abs(decode(data).pixels.astype(int) - expected).mean() < 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_divided_by_257_and_rounded(kind):
    deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    expected = np.rint(deep / 257).astype(np.uint8)
    np.testing.assert_array_equal(decode(save(deep, kind)).pixels[:, :, 1], expected)
    colour = np.dstack([deep, deep.T, deep[::-1]])
    by_opencv = cv2.imencode("." + kind.lower(), colour)[1].tobytes()
    np.testing.assert_array_equal(decode(by_opencv).pixels, np.rint(colour / 257))
    np.testing.assert_array_equal(decode(deep).pixels[:, :, 2], expected)


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {})]
)
def test_alpha_is_laid_over_black(kind, options):
    decoded = decode(save(RGBA, kind, **options))
    assert decoded.header.channels == 4
    assert np.abs(decoded.pixels[:, :, ::-1] - over_black(RGBA)).max() <= 1


def tiff(pixels, **tags):
    """An uncompressed little-endian TIFF of one strip, with whatever tags."""
    height, width, samples = pixels.shape
    depth = 8 * pixels.itemsize
    fields = {
        256: (4, width), 257: (4, height), 258: (3, depth), 259: (3, 1), 262: (3, 2 if samples > 2 else 1),
        277: (3, samples), 278: (4, height), 279: (4, pixels.nbytes), 284: (3, 1),
        **{int(tag[1:]): (3, value) for tag, value in tags.items()},
    }  # fmt: skip
    start = 8 + 2 + 12 * (len(fields) + 1) + 4
    depths = struct.pack(f"<{samples}H", *[depth] * samples)
    if samples > 2:
        fields[258] = (3, start)
    fields[273] = (4, start + len(depths))
    entries = b"".join(
        struct.pack("<HHII", tag, kind, samples if tag == 258 else 1, value)
        for tag, (kind, value) in sorted(fields.items())
    )
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + entries + bytes(4) + depths + pixels.tobytes()
    )


def test_16_bit_alpha_is_laid_over_black():
    deep = RGBA.astype(np.uint16) * 257
    straight = [cv2.imencode(".png", deep[:, :, [2, 1, 0, 3]])[1].tobytes(), tiff(deep, t338=2)]
    for data in straight:
        decoded = decode(data)
        assert (decoded.header.bit_depth, decoded.header.channels) == (16, 4)
        assert np.abs(decoded.pixels[:, :, ::-1] - over_black(RGBA)).max() <= 1


def test_colours_that_are_multiplied_by_alpha_already_are_left_alone():
    done = np.dstack([over_black(RGBA).astype(np.uint8), ALPHA])
    for data in (tiff(done, t338=1), tiff(done.astype(np.uint16) * 257, t338=1)):
        assert np.abs(decode(data).pixels[:, :, ::-1].astype(int) - done[:, :, :3]).max() <= 1


def test_grey_with_alpha_and_palette_with_transparency():
    grey = Image.fromarray(RGBA).convert("LA")
    expected = over_black(np.asarray(grey.convert("RGBA")))
    assert np.abs(decode(save(grey, "PNG")).pixels - expected).max() <= 1
    palette = Image.fromarray(RGB).quantize(16)
    seen = np.asarray(palette.convert("RGB")).copy()
    np.testing.assert_array_equal(decode(save(palette, "PNG")).pixels[:, :, ::-1], seen)
    seen[np.asarray(palette) == 3] = 0
    for kind in ("PNG", "GIF"):
        np.testing.assert_array_equal(decode(save(palette, kind, transparency=3)).pixels[:, :, ::-1], seen)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_palettes_become_their_colours(kind):
    palette = Image.fromarray(RGB).quantize(200)
    decoded = decode(save(palette, kind))
    np.testing.assert_array_equal(decoded.pixels[:, :, ::-1], np.asarray(palette.convert("RGB")))
    assert decoded.header.channels == 3


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_one_bit_is_black_and_white(kind):
    bits = RGB[:, :, 0] > 128
    np.testing.assert_array_equal(decode(save(bits, kind)).pixels[:, :, 0], bits * 255)


def test_cmyk_with_the_inverted_inks_of_adobe():
    cmyk = Image.fromarray(RGB).convert("CMYK")
    assert np.abs(decode(save(cmyk, "TIFF")).pixels[:, :, ::-1].astype(int) - RGB).max() <= 1
    data = save(cmyk, "JPEG", quality=98)
    assert b"Adobe" in data
    decoded = decode(data)
    assert decoded.header.channels == 4
    assert np.abs(decoded.pixels[:, :, ::-1].astype(int) - RGB).mean() < 2


def test_tiff_in_which_0_is_white():
    grey = np.ascontiguousarray(RGB[:, :, :1])
    for stored in (grey, grey.astype(np.uint16) * 257):
        np.testing.assert_array_equal(decode(tiff(stored, t262=1)).pixels[:, :, :1], grey)
        np.testing.assert_array_equal(decode(tiff(stored, t262=0)).pixels[:, :, :1], 255 - grey)


def test_floating_point_tiff():
    floats = (RGB[:, :, 0] / 255).astype(np.float32)
    np.testing.assert_array_equal(decode(save(floats, "TIFF")).pixels[:, :, 0], RGB[:, :, 0])
    with pytest.raises(UnreadableImageError, match=r"outside \[0, 1\]"):
        decode(save(floats * 255, "TIFF"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_picture_of_an_animation(kind):
    frames = [Image.fromarray(np.full((20, 30, 3), value, np.uint8)) for value in (40, 200, 90)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = save(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(decode(data).pixels, np.full((20, 30, 3), 40))


def test_the_first_page_of_a_tiff():
    pages = [Image.fromarray(np.full((20, 30, 3), value, np.uint8)) for value in (40, 200)]
    assert decode(save(pages[0], "TIFF", save_all=True, append_images=pages[1:])).pixels.max() == 40


def test_arrays_are_rgb_and_are_left_alone():
    np.testing.assert_array_equal(decode(RGB).pixels, RGB[:, :, ::-1])
    np.testing.assert_array_equal(decode(RGB[:, :, :1]).pixels[:, :, 0], RGB[:, :, 0])
    assert np.abs(decode(RGBA).pixels[:, :, ::-1] - over_black(RGBA)).max() <= 1
    np.testing.assert_array_equal(decode(RGB / 255.0).pixels, RGB[:, :, ::-1])
    np.testing.assert_array_equal(decode(RGB.astype(np.int64)).pixels, RGB[:, :, ::-1])
    np.testing.assert_array_equal(decode(RGB[::-1, ::2]).pixels, RGB[::-1, ::2, ::-1])
    original = RGB[:, :, 0].copy()
    decode(original, grey=True).pixels.sum()
    np.testing.assert_array_equal(original, RGB[:, :, 0])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (RGB.astype(np.float32), r"outside \[0, 1\]"),
        (np.full((4, 4), np.nan), r"outside \[0, 1\]"),
        (np.full((4, 4), 256), r"outside 0…255"),
        (np.full((4, 4), -1), r"outside 0…255"),
        (np.full((4, 4), 1j), "pixels of type complex128"),
        (np.full((4, 4), "a"), "pixels of type"),
    ],
)
def test_arrays_that_are_no_images(array, message):
    with pytest.raises(UnreadableImageError, match=message):
        decode(array)


@pytest.mark.parametrize("reduction", [2, 4, 8])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_reduced_decodes_have_the_same_size_and_means_in_every_format(kind, grey, reduction):
    smooth = cv2.GaussianBlur(RNG.integers(0, 256, (101, 163, 3), dtype=np.uint8), (0, 0), 12)
    decoded = decode(save(smooth, kind), reduction=reduction, grey=grey)
    shape = (-(-101 // reduction), -(-163 // reduction))
    assert decoded.pixels.shape == (shape if grey else (*shape, 3))
    assert (decoded.header.width, decoded.header.height) == (163, 101)
    whole = decode(save(smooth, kind), grey=grey).pixels
    np.testing.assert_allclose(
        decoded.pixels.mean(axis=(0, 1)), whole[: 101 // 8 * 8, : 163 // 8 * 8].mean(axis=(0, 1)), atol=2
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_grey_is_the_luma_of_the_colours(kind):
    data = save(RGB, kind)
    full = decode(data)
    expected = cv2.cvtColor(full.pixels, cv2.COLOR_BGR2GRAY)
    assert np.abs(decode(data, grey=True).pixels.astype(int) - expected).max() <= (2 if kind == "JPEG" else 0)


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"]))
def test_any_size_is_what_the_header_says(width, height, kind):
    decoded = decode(save(np.zeros((height, width, 3), np.uint8), kind))
    assert decoded.pixels.shape == (height, width, 3)
    assert (decoded.header.width, decoded.header.height) == (width, height)
