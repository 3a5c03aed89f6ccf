"""The table of properties: one row each. A new property is one function and one row; the tests find it here."""

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
    unit: str,
    low: float,
    high: float,
    bins: int,
    needs: Needs,
    measure: Callable[[Views], float],
    meaning: str,
    scale: Scale = "linear",
    kind: Kind = "number",
) -> Property:
    title = name.replace("_", " ")
    return Property(name, title, unit, kind, low, high, bins, scale, (), meaning, needs, measure)


def _category(
    name: str, categories: tuple[str, ...], needs: Needs, measure: Callable[[Views], float], meaning: str
) -> Property:
    n = len(categories)
    title = name.replace("_", " ")
    return Property(name, title, "", "category", 0, n - 1, n, "linear", categories, meaning, needs, measure)


# fmt: off
PROPERTIES: tuple[Property, ...] = (
    # name, unit, low, high, bins, needs, measure, meaning
    _number("width", "px", 1, 65536, 256, "header", width, "How wide the upright image is.", "log"),
    _number("height", "px", 1, 65536, 256, "header", height, "How high the upright image is.", "log"),
    _number("aspect_ratio", "", 1 / 16, 16, 256, "header", aspect_ratio, "Width divided by height.", "log"),
    _number("file_bytes", "bytes", 64, 2**30, 256, "header", file_bytes, "How large the file is.", "log"),
    _number("bytes_per_pixel", "bytes/px", 0.001, 64, 256, "header", bytes_per_pixel,
            "File size for each pixel: falls with stronger compression and emptier scenes.", "log"),
    _number("brightness", "grey levels", 0, 255, 255, "full", brightness, "How light the image is on average."),
    _number("contrast", "grey levels", 0, 127.5, 255, "full", contrast,
            "How far the pixels spread around the average brightness (RMS)."),
    _number("dynamic_range", "grey levels", 0, 255, 255, "full", dynamic_range,
            "How far apart the darkest and the lightest hundredth of the pixels are."),
    _number("black_share", "share", 1e-6, 1, 240, "full", black_share,
            "How much of the image is black (grey level 5 or less).", "log"),
    _number("white_share", "share", 1e-6, 1, 240, "full", white_share,
            "How much of the image is white (grey level 250 or more).", "log"),
    _number("entropy", "bit", 0, 8, 256, "full", entropy, "How many different grey levels the image makes use of."),
    _number("hue", "°", 0, 360, 180, "reduced", hue,
            "Which colour prevails: 0° red, 120° green, 240° blue.", kind="circular"),
    _number("saturation", "share", 0, 1, 256, "reduced", saturation, "How pure the colours are on average."),
    _number("grey_share", "share", 0, 1, 256, "reduced", grey_share, "How much of the image has no colour."),
    _number("colourfulness", "grey levels", 0, 200, 256, "reduced", colourfulness,
            "How vivid and varied the colours look to people (Hasler and Süsstrunk)."),
    _number("colour_cast_a", "grey levels", -128, 128, 256, "reduced", colour_cast_a,
            "Whether the image as a whole is greenish (below 0) or reddish (above)."),
    _number("colour_cast_b", "grey levels", -128, 128, 256, "reduced", colour_cast_b,
            "Whether the image as a whole is bluish (below 0) or yellowish (above)."),
    _number("haze", "share", 0, 1, 256, "reduced", haze,
            "How light even the darkest places are, as in fog or on a fouled lens (dark channel)."),
    _number("sharpness", "grey levels²", 0.01, 100_000, 256, "full", sharpness,
            "How strong the finest detail is: falls with blur, rises with noise (Laplacian).", "log"),
    _number("fine_detail", "", 0, 2, 256, "full", fine_detail,
            "How fine the detail is, whatever the contrast: falls with blur and with enlarging."),
    _number("edge_density", "share", 0, 1, 256, "full", edge_density, "How much of the image is edges."),
    _number("edge_balance", "", -1, 1, 256, "full", edge_balance,
            "Whether edges stand upright (above 0) or lie flat (below): turns over when the image is rotated."),
    _number("gradient_anisotropy", "", 0, 1, 256, "full", gradient_anisotropy,
            "How far detail runs in one direction: rises with motion blur."),
    _number("residual_noise", "grey levels", 0.01, 100, 256, "full", residual_noise,
            "How strong the noise is in the smoothest places (standard deviation).", "log"),
    _number("blockiness", "", 0, 16, 256, "full", blockiness,
            "How visible the 8 × 8 blocks of compression are."),
    _number("jpeg_quality", "", 0, 100, 100, "header", jpeg_quality, "The quality setting the JPEG file was saved with."),
    _number("pixelation", "", 0, 1, 256, "full", pixelation,
            "How far the image is a mosaic of larger squares, whatever their size."),
    _number("banding", "grey levels", 0.001, 128, 256, "full", banding,
            "How far single rows or columns stand out from their neighbours: dead lines and stripes.", "log"),
    _number("stuck_pixels", "share", 1e-7, 1, 240, "full", stuck_pixels,
            "How many single pixels stand out from all around them: dead, stuck or hot.", "log"),
    _number("flat_share", "share", 0, 1, 64, "reduced", flat_share,
            "How much of the image shows nothing at all: occlusion, dirt, sky."),
    _number("corner_darkness", "", -1, 1, 256, "reduced", corner_darkness,
            "How much darker the corners are than the centre (vignetting)."),
    _number("top_bottom", "grey levels", -255, 255, 255, "reduced", top_bottom,
            "How much lighter the upper half is than the lower: turns over when the image is upside down."),
    _number("left_right", "grey levels", -255, 255, 255, "reduced", left_right,
            "How much lighter the left half is than the right: turns over when the image is mirrored."),
    _category("orientation", ORIENTATIONS, "header", orientation, "How the camera was held, as the file says (EXIF)."),
    _category("channels", CHANNELS, "header", channels, "Whether the file stores grey or colour, with or without alpha."),
    _category("format", FORMATS, "header", file_format, "The kind of file."),
    _category("near_duplicate", ("no", "yes"), "sequence", near_duplicate,
              "Whether the image looks the same as the one before it, as from a frozen camera."),
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
