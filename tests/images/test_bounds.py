"""Files that announce or hold too much, and what it costs to find out."""

import io
import os
import struct
import subprocess
import sys
import textwrap
import timeit
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from driftwheel.errors import UnreadableImageError
from driftwheel.images.decode import MAX_PIXELS, decode
from driftwheel.images.header import read_header


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, rows):
    """A grey PNG whose header says `height` rows and whose data holds `rows`."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(1 + width)) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from Linux's accounting")
def test_a_bomb_of_50000_by_50000_pixels_is_refused_in_little_memory(tmp_path):
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png(50_000, 50_000, 2_000))
    script = textwrap.dedent(r"""
        import re, sys
        from driftwheel.errors import UnreadableImageError
        from driftwheel.images.decode import decode
        data = open(sys.argv[1], "rb").read()
        try:
            decode(data)
        except UnreadableImageError as error:
            print(error.reason)
        print(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1])
    """)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(bomb)], capture_output=True, text=True, check=True, env=environment
    )
    reason, peak = done.stdout.splitlines()
    assert reason == "too many pixels"
    assert int(peak) < 200_000, "kilobytes"


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "bmp", "tiff", "gif"])
def test_every_format_is_bounded_by_its_header(kind):
    file = io.BytesIO()
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(file, kind)
    assert decode(file.getvalue(), max_pixels=600).pixels.shape == (20, 30, 3)
    with pytest.raises(UnreadableImageError, match="too many pixels"):
        decode(file.getvalue(), max_pixels=599)


def test_arrays_are_bounded_too():
    with pytest.raises(UnreadableImageError, match="too many pixels"):
        decode(np.zeros((20, 30), np.uint8), max_pixels=599)


def test_a_png_that_holds_more_rows_than_it_says_is_not_unpacked_further():
    packed = png(100, 10, 200_000)  # 20 MB behind 1,000 pixels
    assert decode(packed).pixels.shape == (10, 100, 3)


def test_a_png_that_holds_fewer_rows_than_it_says_is_corrupt():
    with pytest.raises(UnreadableImageError, match="corrupt"):
        decode(png(100, 100, 50))


def test_a_jpeg_with_a_second_larger_frame_header_is_corrupt():
    data = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    start = data.index(b"\xff\xc0")
    length = struct.unpack_from(">H", data, start + 2)[0]
    frame = bytearray(data[start : start + 2 + length])
    frame[5:9] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(UnreadableImageError, match="corrupt"):
        decode(data[: start + 2 + length] + bytes(frame) + data[start + 2 + length :])


def test_a_tiff_with_giant_tiles_is_refused():
    giant = 4_000_000
    entries = [
        *((256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)),
        *((322, 4, 1, giant), (323, 4, 1, giant), (324, 4, 1, 8), (325, 4, 1, 8)),
    ]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4)
    with pytest.raises(UnreadableImageError, match="corrupt"):
        decode(data)


def test_the_bound_is_what_pillow_calls_a_bomb():
    assert MAX_PIXELS == 2 * Image.MAX_IMAGE_PIXELS


def test_a_header_costs_little_next_to_decoding():
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    data = cv2.imencode(".jpg", cv2.GaussianBlur(pixels, (0, 0), 2))[1].tobytes()
    header = min(timeit.repeat(lambda: read_header(data), number=20, repeat=10)) / 20
    whole = min(timeit.repeat(lambda: decode(data), number=1, repeat=10))
    assert header < 0.1 * whole
