"""The table of properties, one row each. A new one is a function and a row; tests and docs find it here."""

from __future__ import annotations

from collections.abc import Callable

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.images.properties.banding import banding
from driftwheel.images.properties.colour import (
    colour_cast_a,
    colour_cast_b,
    colourfulness,
    grey_share,
    hue,
    saturation,
)
from driftwheel.images.properties.compression import blockiness, jpeg_quality
from driftwheel.images.properties.detail import (
    edge_balance,
    edge_density,
    fine_detail,
    gradient_anisotropy,
    sharpness,
)
from driftwheel.images.properties.file import (
    CHANNELS,
    FORMATS,
    ORIENTATIONS,
    channels,
    file_format,
    orientation,
)
from driftwheel.images.properties.haze import haze
from driftwheel.images.properties.layout import corner_darkness, flat_share, left_right, top_bottom
from driftwheel.images.properties.near_duplicate import near_duplicate
from driftwheel.images.properties.noise import residual_noise
from driftwheel.images.properties.pixelation import pixelation
from driftwheel.images.properties.property import Kind, Needs, Property, Scale
from driftwheel.images.properties.size import aspect_ratio, bytes_per_pixel, file_bytes, height, width
from driftwheel.images.properties.stuck_pixels import stuck_pixels
from driftwheel.images.properties.tone import (
    black_share,
    brightness,
    contrast,
    dynamic_range,
    entropy,
    white_share,
)
from driftwheel.images.views import Views

__all__ = ["PROPERTIES", "PROPERTY_NAMES", "property_named"]


def _number(
    name: str,
    measure: Callable[[Views], float],
    meaning: str,
    *,
    needs: Needs,
    span: tuple[float, float],
    unit: str = "",
    bins: int = 256,
    scale: Scale = "linear",
    kind: Kind = "number",
    title: str = "",
) -> Property:
    low, high = span
    title = title or name.replace("_", " ")
    return Property(name, title, unit, kind, low, high, bins, scale, (), meaning, needs, measure)


def _category(
    name: str, measure: Callable[[Views], float], meaning: str, *, needs: Needs, categories: tuple[str, ...]
) -> Property:
    n = len(categories)
    title = name.replace("_", " ")
    return Property(name, title, "", "category", 0, n - 1, n, "linear", categories, meaning, needs, measure)


GREY = "grey levels"

# fmt: off
PROPERTIES: tuple[Property, ...] = (
    _number("width", width,
            "How wide the upright image is.",
            needs="header", span=(1, 65536), unit="px", scale="log"),
    _number("height", height,
            "How high the upright image is.",
            needs="header", span=(1, 65536), unit="px", scale="log"),
    _number("aspect_ratio", aspect_ratio,
            "Width divided by height.",
            needs="header", span=(1 / 16, 16), scale="log"),
    _number("file_bytes", file_bytes,
            "How large the file is.",
            needs="header", span=(64, 2**30), unit="bytes", scale="log"),
    _number("bytes_per_pixel", bytes_per_pixel,
            "File size for each pixel: falls with stronger compression and with emptier scenes.",
            needs="header", span=(0.001, 64), unit="bytes/px", scale="log"),
    _number("brightness", brightness,
            "How light the image is on average.",
            needs="reduced", span=(0, 255), unit=GREY, bins=255),
    _number("contrast", contrast,
            "How far the pixels spread around the average brightness (RMS).",
            needs="reduced", span=(0, 127.5), unit=GREY, bins=255),
    _number("dynamic_range", dynamic_range,
            "How far apart the darkest and the lightest hundredth of the pixels are.",
            needs="reduced", span=(0, 255), unit=GREY, bins=255),
    _number("black_share", black_share,
            "How much of the image is black (grey level 5 or less).",
            needs="reduced", span=(1e-6, 1), unit="share", bins=240, scale="log"),
    _number("white_share", white_share,
            "How much of the image is white (grey level 250 or more).",
            needs="reduced", span=(1e-6, 1), unit="share", bins=240, scale="log"),
    _number("entropy", entropy,
            "How many different grey levels the image makes use of.",
            needs="reduced", span=(0, 8), unit="bit"),
    _number("hue", hue,
            "Which colour prevails: 0° red, 120° green, 240° blue.",
            needs="reduced", span=(0, 360), unit="°", bins=180, kind="circular"),
    _number("saturation", saturation,
            "How pure the colours are on average.",
            needs="reduced", span=(0, 1), unit="share"),
    _number("grey_share", grey_share,
            "How much of the image has no colour.",
            needs="reduced", span=(0, 1), unit="share"),
    _number("colourfulness", colourfulness,
            "How vivid and varied the colours look to people (Hasler and Süsstrunk).",
            needs="reduced", span=(0, 200), unit=GREY),
    _number("colour_cast_a", colour_cast_a,
            "Whether the image as a whole is greenish (below 0) or reddish (above).",
            needs="reduced", span=(-128, 128), unit=GREY, title="green-red cast"),
    _number("colour_cast_b", colour_cast_b,
            "Whether the image as a whole is bluish (below 0) or yellowish (above).",
            needs="reduced", span=(-128, 128), unit=GREY, title="blue-yellow cast"),
    _number("haze", haze,
            "How light even the darkest places are, as in fog or behind a fouled lens (dark channel).",
            needs="reduced", span=(0, 1), unit="share"),
    _number("sharpness", sharpness,
            "How strong the finest detail is: falls with blur, rises with noise (Laplacian).",
            needs="full", span=(0.01, 2**20), unit="grey levels²", scale="log"),
    _number("fine_detail", fine_detail,
            "How fine the detail is, whatever the contrast: falls with blur and with enlarging.",
            needs="full", span=(0, 2)),
    _number("edge_density", edge_density,
            "How much of the image is edges.",
            needs="reduced", span=(0, 1), unit="share"),
    _number("edge_balance", edge_balance,
            "Whether edges stand upright (above 0) or lie flat (below): turns over when the image is turned.",
            needs="reduced", span=(-1, 1)),
    _number("gradient_anisotropy", gradient_anisotropy,
            "How far detail runs in one direction: rises with motion blur.",
            needs="reduced", span=(0, 1)),
    _number("residual_noise", residual_noise,
            "How strong the noise is in the smoothest places (standard deviation).",
            needs="full", span=(0.01, 100), unit=GREY, scale="log"),
    _number("blockiness", blockiness,
            "How visible the 8 × 8 blocks of compression are.",
            needs="full", span=(0, 16)),
    _number("jpeg_quality", jpeg_quality,
            "The quality setting that the JPEG file was saved with.",
            needs="header", span=(0, 100), bins=100),
    _number("pixelation", pixelation,
            "How far the image is a mosaic of larger squares, whatever their size.",
            needs="full", span=(0, 1)),
    _number("banding", banding,
            "How far single rows or columns stand out of their neighbours: dead lines and stripes.",
            needs="full", span=(0.001, 128), unit=GREY, scale="log"),
    _number("stuck_pixels", stuck_pixels,
            "How many single pixels stand out of all around them: dead, stuck or hot.",
            needs="full", span=(1e-7, 1), unit="share", bins=240, scale="log"),
    _number("flat_share", flat_share,
            "How much of the image shows no detail at all: occlusion, dirt, sky.",
            needs="reduced", span=(0, 1), unit="share", bins=64),
    _number("corner_darkness", corner_darkness,
            "How much darker the corners are than the centre (vignetting).",
            needs="reduced", span=(-1, 1)),
    _number("top_bottom", top_bottom,
            "How much lighter the upper half is than the lower: turns over when the camera is upside down.",
            needs="reduced", span=(-255, 255), unit=GREY, bins=255, title="top-bottom difference"),
    _number("left_right", left_right,
            "How much lighter the left half is than the right: turns over when the image is mirrored.",
            needs="reduced", span=(-255, 255), unit=GREY, bins=255, title="left-right difference"),
    _category("orientation", orientation,
            "How the camera was held, as the file says (EXIF).",
            needs="header", categories=ORIENTATIONS),
    _category("channels", channels,
            "Whether the file stores grey or colour, with or without alpha.",
            needs="header", categories=CHANNELS),
    _category("format", file_format,
            "The kind of file.",
            needs="header", categories=FORMATS),
    _category("near_duplicate", near_duplicate,
            "Whether the image looks the same as the one before it, as from a frozen camera.",
            needs="sequence", categories=("no", "yes")),
)
# fmt: on

PROPERTY_NAMES: tuple[str, ...] = tuple(row.name for row in PROPERTIES)


def property_named(name: str) -> Property:
    """Return one row of the table; raise `UsageError` for an unknown name.

    Examples
    --------
    >>> property_named("brightness").unit
    'grey levels'
    """
    for row in PROPERTIES:
        if row.name == name:
            return row
    raise UsageError(f"There is no property '{name}'.{did_you_mean(name, PROPERTY_NAMES)}")
