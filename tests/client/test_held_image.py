from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest
import torch

from driftwheel.client.held_image import encode_image, hold_image
from driftwheel.errors import UnreadableImageError, UsageError
from driftwheel.images.decode import decode

RED = np.zeros((48, 64, 3), np.uint8)
RED[:, :, 0] = 255


def sent(image: object, quality: int | None = 95) -> np.ndarray[Any, Any]:
    """The RGB pixels that reach the server."""
    encoded = encode_image(hold_image(image), quality)
    pixels = decode(encoded.data).pixels[:, :, ::-1]
    assert pixels.shape[:2] == (encoded.height, encoded.width)
    return pixels


@pytest.mark.parametrize(
    "image",
    [
        RED,
        RED.astype(np.float32) / 255,
        RED.astype(np.float64) / 255,
        RED.astype(np.uint16) * 257,
        RED > 0,
        np.dstack([RED, np.full((48, 64), 255, np.uint8)]),
        np.asfortranarray(RED),
        RED[::-1, ::-1],
        torch.from_numpy(RED),
        torch.from_numpy(RED).float() / 255,
        (torch.from_numpy(RED).float() / 255).to(torch.bfloat16).requires_grad_(),
        PIL.Image.fromarray(RED),
        PIL.Image.fromarray(RED).convert("RGBA"),
        PIL.Image.fromarray(RED).quantize(),
        PIL.Image.fromarray(RED).convert("CMYK"),
    ],
    ids=lambda image: f"{type(image).__name__}-{getattr(image, 'dtype', getattr(image, 'mode', ''))}",
)
def test_red_is_red_whatever_it_comes_as(image: object) -> None:
    assert np.abs(sent(image, None).astype(int) - RED).max() == 0
    assert np.abs(sent(image).astype(int) - RED).max() <= 2


@pytest.mark.parametrize("mode", ["L", "1", "I;16", "LA", "P"])
def test_grey_pillow_images(mode: str) -> None:
    grey = PIL.Image.fromarray(np.full((8, 9), 255, np.uint8))
    image = PIL.Image.fromarray(np.full((8, 9), 65535, np.uint16)) if mode == "I;16" else grey.convert(mode)
    assert (sent(image, None) == 255).all()


def test_a_grey_array_becomes_a_grey_file() -> None:
    encoded = encode_image(hold_image(np.zeros((8, 8), np.uint8)), 90)
    assert cv2.imdecode(np.frombuffer(encoded.data, np.uint8), cv2.IMREAD_UNCHANGED).ndim == 2


def test_the_quality_is_that_asked_for() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    sizes = [len(encode_image(hold_image(noise), quality).data) for quality in (30, 60, 95)]
    assert sizes == sorted(sizes)
    assert encode_image(hold_image(noise), None).data[:4] == b"\x89PNG"


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # a quarter turn: the size is that of the upright image
    PIL.Image.fromarray(RED).save(buffer, "JPEG", exif=exif)
    data = buffer.getvalue()
    path = tmp_path / "red.jpg"
    path.write_bytes(data)
    for image in (data, bytearray(data), memoryview(data), path, str(path)):
        encoded = encode_image(hold_image(image), 50)
        assert (encoded.data, encoded.width, encoded.height) == (data, 48, 64)


def test_what_is_wrong_with_a_file_is_for_the_server_to_say() -> None:
    assert encode_image(hold_image(b"<svg/>"), 95).width is None
    assert encode_image(hold_image(b""), 95).data == b""


@pytest.mark.parametrize("image", [RED.copy(), torch.from_numpy(RED.copy()), PIL.Image.fromarray(RED)])
def test_what_the_caller_does_afterwards_does_not_matter(image: Any) -> None:
    held = hold_image(image)
    if isinstance(image, PIL.Image.Image):
        image.paste((0, 0, 255), (0, 0, 64, 48))
    else:
        image[:] = 7
    assert (decode(encode_image(held, None).data).pixels[:, :, ::-1] == RED).all()


def test_without_a_copy_nothing_is_copied() -> None:
    assert hold_image(RED, copy=False).content is RED
    assert hold_image(RED).size == RED.nbytes


@pytest.mark.parametrize("image", [object(), 7, [[1, 2]], {"image": RED}])
def test_other_things_are_refused(image: object) -> None:
    with pytest.raises(UsageError, match=f"An image cannot be a {type(image).__name__}: give an array"):
        hold_image(image)


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (np.zeros((3, 48, 64), np.uint8), "array of shape"),
        (np.zeros((48, 64, 3), np.float32) + 7, "floating-point pixels outside"),
        (Path("/nowhere/x.jpg"), "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_encoded_says_why(image: object, why: str) -> None:
    with pytest.raises(UnreadableImageError, match=why):
        encode_image(hold_image(image), 95)
