"""Every camera fault the library knows, in one table; adding one is one function and one row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.images.faults.blur import MOTION_DIRECTIONS, blur, motion_blur
from driftwheel.images.faults.colour import CAST_HUES, colour_cast, greyscale
from driftwheel.images.faults.compression import compression
from driftwheel.images.faults.dead_pixels import dead_pixels
from driftwheel.images.faults.exposure import contrast, over_exposure, under_exposure
from driftwheel.images.faults.fault import Fault, draw_chance
from driftwheel.images.faults.geometry import FLIPS, ROTATION_SENSES, crop, flip, resolution, rotation
from driftwheel.images.faults.haze import haze
from driftwheel.images.faults.noise import noise
from driftwheel.images.faults.occlusion import occlusion
from driftwheel.images.faults.pixelation import pixelation

__all__ = ["FAULTS", "FAULT_NAMES", "apply_fault", "fault_named"]

FAULTS: tuple[Fault, ...] = (
    Fault(
        "blur",
        "blur",
        "Everything is softer: the lens is out of focus, or the scene moved out of its range.",
        True,
        "image",
        blur,
    ),
    Fault(
        "motion_blur",
        "motion blur",
        "Everything is smeared in one direction: the camera shakes, or the shutter is open too long.",
        True,
        "image",
        motion_blur,
        MOTION_DIRECTIONS,
    ),
    Fault(
        "noise",
        "noise",
        "Grain that differs from image to image: high gain, too little light, or a warm sensor.",
        True,
        "image",
        noise,
    ),
    Fault(
        "dead_pixels",
        "dead or stuck pixels",
        "Single pixels are always black or white: sites of the sensor have failed.",
        True,
        "image",
        dead_pixels,
    ),
    Fault(
        "pixelation",
        "pixelation",
        "Square blocks of one colour: the stream was scaled down and up again, or a privacy filter is on.",
        True,
        "image",
        pixelation,
    ),
    Fault(
        "compression",
        "heavy compression",
        "JPEG blocks and ringing: the camera or a gateway stores at a lower quality.",
        True,
        "file",
        compression,
    ),
    Fault(
        "over_exposure",
        "over-exposure",
        "Too bright, with highlights burnt out: shutter, iris or gain too high, or a new light.",
        True,
        "image",
        over_exposure,
    ),
    Fault(
        "under_exposure",
        "under-exposure",
        "Too dark, with shadows lost: shutter, iris or gain too low, or a lamp has failed.",
        True,
        "image",
        under_exposure,
    ),
    Fault(
        "contrast",
        "loss of contrast",
        "Flat and grey at the same brightness: a wrong tone curve, or stray light in the lens.",
        True,
        "image",
        contrast,
    ),
    Fault(
        "colour_cast",
        "colour cast",
        "All colours lean to one hue: the white balance is off, or the lamp has changed.",
        True,
        "image",
        colour_cast,
        CAST_HUES,
    ),
    Fault(
        "greyscale",
        "greyscale",
        "No colour is left: the camera is in night mode or was switched to black and white.",
        False,
        "image",
        greyscale,
    ),
    Fault(
        "haze",
        "haze",
        "A bright veil over everything: fog, smoke, steam or condensation on the lens.",
        True,
        "image",
        haze,
    ),
    Fault(
        "occlusion",
        "occlusion or dirt",
        "A dark smudge that stays in one place: dirt, a leaf, a web or a cable before the lens.",
        True,
        "image",
        occlusion,
    ),
    Fault(
        "rotation",
        "rotation",
        "The horizon is tilted: the camera was knocked askew.",
        True,
        "image",
        rotation,
        ROTATION_SENSES,
    ),
    Fault(
        "flip",
        "flip",
        "Upside down or mirrored: the camera is mounted, or its picture set, the wrong way round.",
        False,
        "image",
        flip,
        FLIPS,
    ),
    Fault(
        "crop",
        "crop or zoom",
        "Things look larger and less of the scene is seen: the camera was zoomed in or moved closer.",
        True,
        "image",
        crop,
    ),
    Fault(
        "resolution",
        "lower resolution",
        "Fewer pixels in width and height: the camera or the stream was set to a smaller size.",
        True,
        "image",
        resolution,
    ),
    Fault(
        "frozen_frame",
        "frozen frame",
        "The same image again and again: the camera or the stream hangs.",
        False,
        "stream",
        None,
    ),
)

FAULT_NAMES: tuple[str, ...] = tuple(fault.name for fault in FAULTS)


def fault_named(name: str) -> Fault:
    """Return the row of the table with this name; raise `UsageError` for an unknown one.

    Examples
    --------
    >>> fault_named("haze").title
    'haze'
    """
    for fault in FAULTS:
        if fault.name == name:
            return fault
    raise UsageError(f"There is no camera fault '{name}'.{did_you_mean(name, FAULT_NAMES)}")


def apply_fault(
    pixels: NDArray[np.uint8], name: str, severity: int | None, seed: int, *, variant: str | None = None
) -> NDArray[np.uint8]:
    """Return `pixels` with a fault: (h, w, 3) BGR uint8 in, a new array of the same kind out.

    Parameters
    ----------
    name
        A name in the table, of scope ``image`` or ``file``.
    severity
        1 (just visible) to 5 (gross); None for a fault without grades.
    seed
        Stands for the camera: what a camera keeps (the hue of a cast, which pixels are dead) depends on it
        alone, what differs from image to image on it and the pixels.
    variant
        One of the fault's variants, in place of the one drawn from `seed`.

    Raises
    ------
    UsageError
        For an unknown name or variant, a severity that the fault does not have, pixels of another kind, or a
        stream fault.

    Examples
    --------
    >>> grey = np.full((32, 32, 3), 100, np.uint8)
    >>> int(apply_fault(grey, "over_exposure", 2, seed=0)[0, 0, 0])
    129
    """
    fault = fault_named(name)
    if fault.function is None:
        raise UsageError(f"The fault '{name}' acts on a sequence of images; use frozen_order for it.")
    if severity not in fault.severities:
        grades = "1, 2, 3, 4 or 5" if fault.has_severity else "None, since it has no grades"
        raise UsageError(f"The severity of '{name}' is {grades}; got {severity!r}.")
    if variant is not None and variant not in fault.variants:
        raise UsageError(
            f"The fault '{name}' has no variant '{variant}'.{did_you_mean(variant, fault.variants)}"
        )
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise UsageError(f"A fault needs (h, w, 3) BGR uint8 pixels; got {pixels.shape} of {pixels.dtype}.")
    return fault.function(pixels, severity or 1, draw_chance(fault, pixels, seed, variant))
