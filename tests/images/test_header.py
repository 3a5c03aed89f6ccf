import io
import math
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from driftwheel.errors import UnreadableImageError
from driftwheel.images.header import array_header, read_header
from driftwheel.images.headers.tiff import read_tiff

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)


def save(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def rgb():
    return Image.fromarray(PIXELS)


@pytest.mark.parametrize(
    ("kind", "mode", "options", "channels", "depth"),
    [
        ("JPEG", "RGB", {}, 3, 8),
        ("JPEG", "L", {}, 1, 8),
        ("JPEG", "CMYK", {}, 4, 8),
        ("JPEG", "RGB", {"progressive": True}, 3, 8),
        ("PNG", "RGB", {}, 3, 8),
        ("PNG", "L", {}, 1, 8),
        ("PNG", "LA", {}, 2, 8),
        ("PNG", "RGBA", {}, 4, 8),
        ("PNG", "P", {}, 3, 8),
        ("PNG", "P", {"transparency": 0}, 4, 8),
        ("PNG", "1", {}, 1, 1),
        ("PNG", "I;16", {}, 1, 16),
        ("WEBP", "RGB", {}, 3, 8),
        ("WEBP", "RGB", {"lossless": True}, 3, 8),
        ("BMP", "RGB", {}, 3, 8),
        ("BMP", "L", {}, 1, 8),
        ("BMP", "P", {}, 3, 8),
        ("TIFF", "RGB", {}, 3, 8),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}, 3, 8),
        ("TIFF", "RGB", {"compression": "jpeg"}, 3, 8),
        ("TIFF", "RGB", {"big_tiff": True}, 3, 8),
        ("TIFF", "L", {}, 1, 8),
        ("TIFF", "RGBA", {}, 4, 8),
        ("TIFF", "CMYK", {}, 4, 8),
        ("TIFF", "P", {}, 3, 8),
        ("TIFF", "I;16", {}, 1, 16),
        ("TIFF", "F", {}, 1, 32),
        ("GIF", "P", {}, 3, 8),
    ],
)
def test_what_a_file_says_of_itself(kind, mode, options, channels, depth):
    image = rgb().convert("L").convert(mode) if mode in {"I;16", "F"} else rgb().convert(mode)
    data = save(image, kind, **options)
    header = read_header(data)
    assert (header.format, header.width, header.height) == (kind.lower(), 50, 30)
    assert (header.channels, header.bit_depth) == (channels, depth)
    assert (header.orientation, header.file_bytes) == (1, len(data))
    assert math.isnan(header.jpeg_quality) == (kind != "JPEG")


def test_webp_with_alpha():
    alpha = np.dstack([PIXELS, PIXELS[:, :, 0]])
    for options in ({}, {"lossless": True}):
        assert read_header(save(Image.fromarray(alpha), "WEBP", **options)).channels == 4


@pytest.mark.parametrize("chroma", ["4:4:4", "4:2:2", "4:2:0", "4:1:1", "4:4:0"])
def test_chroma_subsampling(chroma):
    code = getattr(cv2, "IMWRITE_JPEG_SAMPLING_FACTOR_" + chroma.replace(":", ""))
    data = cv2.imencode(".jpg", PIXELS, [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, code])[1].tobytes()
    assert read_header(data).chroma == chroma


def test_fill_bytes_and_garbage_between_segments_are_passed_over():
    data = save(rgb(), "JPEG")
    second = data.index(b"\xff\xdb")
    for between in (b"\xff\xff\xff", b"garbage"):
        header = read_header(data[:second] + between + data[second:])
        assert (header.width, header.height, header.jpeg_quality) == (50, 30, 75)


def test_big_endian_tiff():
    entries = [(256, 3, 1, 7 << 16), (257, 3, 1, 5 << 16), (258, 3, 1, 8 << 16), (262, 3, 1, 1 << 16),
               (273, 4, 1, 74), (274, 3, 1, 6 << 16), (277, 3, 1, 1 << 16), (279, 4, 1, 35)]  # fmt: skip
    directory = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    data = b"MM\0*\0\0\0\x08" + struct.pack(">H", len(entries)) + directory

    header = read_header(data + bytes(35))
    assert (header.width, header.height, header.channels, header.orientation) == (5, 7, 1, 6)


def test_tiff_strips_beyond_the_end_are_noticed():
    data = save(rgb(), "TIFF")
    assert data.endswith(PIXELS.tobytes())
    assert read_tiff(data).whole
    assert not read_tiff(data[:-1]).whole


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, I am text", "not an image"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "unsupported: HEIF"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "unsupported: AVIF"),
        (b"8BPS\0\x01", "unsupported: PSD"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\xff\xd8\xff\xd9", "corrupt"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "truncated"),
        (b"GIF89a", "truncated"),
        (b"GIF89a" + bytes(7), "corrupt"),
        (b"II*\0\xff\xff\0\0", "truncated"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "truncated"),
    ],
)
def test_why_a_header_cannot_be_read(data, reason):
    with pytest.raises(UnreadableImageError) as caught:
        read_header(data)
    assert caught.value.reason == reason


def test_jpeg_of_12_bits_and_lossless_png_damage():
    data = bytearray(save(rgb(), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 4] = 12
    with pytest.raises(UnreadableImageError, match="more than 8 bits"):
        read_header(bytes(data))
    data = bytearray(save(rgb(), "PNG"))
    data[19] ^= 1  # the width, so that the header's sum is wrong
    with pytest.raises(UnreadableImageError, match="corrupt"):
        read_header(bytes(data))


def test_array_headers():
    header = array_header(np.zeros((4, 6, 3), np.uint16))
    assert (header.format, header.width, header.height) == ("array", 6, 4)
    assert (header.channels, header.bit_depth, header.file_bytes) == (3, 16, 144)
    assert array_header(np.zeros((4, 6), bool)).bit_depth == 1


@pytest.mark.parametrize("shape", [(3,), (3, 224, 224), (4, 4, 2), (0, 4, 3), (1, 2, 3, 3)])
def test_arrays_of_other_shapes_are_refused(shape):
    with pytest.raises(UnreadableImageError, match=r"array of shape .* expected \(h, w\)"):
        array_header(np.zeros(shape, np.uint8))


def test_a_tiff_with_more_depths_than_samples_is_corrupt():
    data = save(rgb(), "TIFF")
    samples = data.index(struct.pack("<HHI", 277, 3, 1))
    with pytest.raises(UnreadableImageError, match="corrupt"):
        read_header(data[:samples] + struct.pack("<H", 65000) + data[samples + 2 :])


def small_tiff(*entries, start=b"II*\0\x08\0\0\0"):
    fields = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: 16, **dict(entries)}
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(fields.items()))
    return start + struct.pack("<H", len(fields)) + directory + bytes(4)


@pytest.mark.parametrize("entries", [[(50706, 0x101)], [(254, 1), (330, 8)]])
def test_camera_raw_is_not_taken_for_its_thumbnail(entries):
    assert read_header(small_tiff()).width == 4
    with pytest.raises(UnreadableImageError, match="unsupported: camera raw"):
        read_header(small_tiff(*entries))
