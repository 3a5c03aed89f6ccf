"""Uploads are judged by their first bytes and their header, and never decoded."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from driftwheel.errors import UnreadableImageError
from driftwheel.services.ingest.check_upload import check_upload


def image(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind, **options)
    return file.getvalue()


def bomb(side: int) -> bytes:
    """A PNG that says it has side × side pixels, in about a thousand bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def why(data: bytes, max_bytes: int = 10_000_000, max_pixels: int = 100_000_000) -> str | None:
    try:
        check_upload(data, max_bytes=max_bytes, max_pixels=max_pixels)
    except UnreadableImageError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "data",
    [
        image("PNG"),
        image("JPEG"),
        image("JPEG", mode="CMYK"),
        image("PNG", mode="P"),
        image("GIF", save_all=True, append_images=[Image.new("RGB", (40, 30), "red")]),
        image("WEBP"),
        image("BMP"),
        image("TIFF"),
        image("TIFF", mode="CMYK"),
        image("PNG", mode="I;16"),
        image("PNG", mode="1"),
    ],
)
def test_images_of_any_kind_are_taken(data: bytes) -> None:
    header = check_upload(data, max_bytes=len(data), max_pixels=1200)
    assert (header.width, header.height) == (40, 30)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not an image", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "unsupported: SVG, HTML or PDF"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", "unsupported: SVG, HTML or PDF"),
        (b"<!DOCTYPE HTML><html>", "unsupported: SVG, HTML or PDF"),
        (b"%PDF-1.7", "unsupported: SVG, HTML or PDF"),
        (b"8BPS\0\1", "unsupported: PSD"),
        (image("PNG")[:20], "truncated"),
        (image("JPEG")[:100], "truncated"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "corrupt"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    assert why(data) == reason


def test_bounds_hold_at_the_bound() -> None:
    data = image("PNG")
    assert why(data, max_bytes=len(data), max_pixels=1200) is None
    assert why(data, max_bytes=len(data) - 1) == "too many bytes"
    assert why(data, max_pixels=1199) == "too many pixels"


def test_a_bomb_is_refused_by_its_header() -> None:
    data = bomb(50_000)
    assert len(data) < 2000
    assert why(data) == "too many pixels"


def test_the_size_is_that_of_the_upright_image() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    header = check_upload(image("JPEG", exif=exif), max_bytes=10_000, max_pixels=1200)
    assert (header.width, header.height) == (30, 40)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"BM"]),
)
def test_random_bytes_are_taken_or_refused_and_nothing_else(tail: bytes, start: bytes) -> None:
    why(start + tail)


def test_a_large_jpeg_costs_no_more_than_a_small_one() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2000, 3000, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG")
    header = check_upload(file.getvalue(), max_bytes=10_000_000, max_pixels=6_000_000)
    assert (header.width, header.format) == (3000, "jpeg")
