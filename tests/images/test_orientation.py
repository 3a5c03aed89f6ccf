import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from driftwheel.images.decode import decode

CORNERS = np.zeros((24, 40, 3), np.uint8)
CORNERS[:12, :20] = (220, 30, 30)
CORNERS[:12, 20:] = (30, 220, 30)
CORNERS[12:, :20] = (30, 30, 220)

FORMATS = [
    ("JPEG", "RGB", {"quality": 95}),
    ("JPEG", "L", {"quality": 95}),
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "P", {}),
    ("WEBP", "RGB", {"lossless": True}),
    ("WEBP", "RGB", {"quality": 95}),
    ("TIFF", "RGB", {}),
    ("TIFF", "RGBA", {}),
    ("TIFF", "CMYK", {}),
    ("TIFF", "P", {}),
    ("TIFF", "L", {}),
    ("TIFF", "I;16", {}),
    ("TIFF", "RGB", {"compression": "jpeg"}),
]


def oriented(kind, mode, options, orientation):
    image = Image.fromarray(CORNERS)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.quantize(8) if mode == "P" else image.convert(mode)
    file = io.BytesIO()
    if kind == "TIFF":
        image.save(file, kind, tiffinfo={0x0112: orientation}, **options)
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        image.save(file, kind, exif=exif.tobytes(), **options)
    return file.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "mode", "options"), FORMATS)
def test_every_orientation_is_applied_exactly_once(kind, mode, options, orientation):
    data = oriented(kind, mode, options, orientation)
    with Image.open(io.BytesIO(data)) as opened:
        upright = ImageOps.exif_transpose(opened)
        if mode == "I;16":
            upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
        expected = np.asarray(upright.convert("RGB"))[:, :, ::-1]
    decoded = decode(data)
    assert decoded.header.orientation == orientation
    assert (decoded.header.height, decoded.header.width) == expected.shape[:2]
    assert decoded.pixels.shape == expected.shape
    assert np.abs(decoded.pixels.astype(int) - expected).mean() < 6
    assert decoded.pixels.flags.c_contiguous


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_and_grey_decodes_are_turned_too(orientation):
    data = oriented("JPEG", "RGB", {}, orientation)
    full = decode(data).pixels
    small = decode(data, reduction=4).pixels
    grey = decode(data, grey=True).pixels
    assert small.shape == (full.shape[0] // 4, full.shape[1] // 4, 3)
    assert np.abs(small.astype(int) - full[2::4, 2::4]).mean() < 12
    assert grey.shape == full.shape[:2]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_out_of_range_leaves_the_image_as_stored(orientation):
    for kind in ("JPEG", "TIFF"):
        decoded = decode(oriented(kind, "RGB", {}, orientation))
        assert decoded.header.orientation == 1
        assert decoded.pixels.shape == CORNERS.shape
