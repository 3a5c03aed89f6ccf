"""How a camera fault is spoken of: what it is called, and what images that have it look like."""

from __future__ import annotations

from driftwheel.errors import UsageError
from driftwheel.images.faults import fault_named
from driftwheel.report.printable import printable

__all__ = ["LOOKS", "fault_looks", "fault_meaning", "fault_title"]

LOOKS = {
    "blur": "look blurred",
    "motion_blur": "look smeared by motion",
    "noise": "look noisy",
    "dead_pixels": "have dead or stuck pixels",
    "pixelation": "look pixelated",
    "compression": "look heavily compressed",
    "over_exposure": "look over-exposed",
    "under_exposure": "look under-exposed",
    "contrast": "have lost contrast",
    "colour_cast": "have a colour cast",
    "greyscale": "have lost their colour",
    "haze": "look hazy",
    "occlusion": "look partly covered, as by dirt",
    "rotation": "look rotated",
    "flip": "look flipped",
    "crop": "look cropped or zoomed in",
    "resolution": "have a lower resolution",
    "frozen_frame": "repeat the same frame",
}
"""Fault name → a verb phrase after "the images"."""


def fault_title(name: str) -> str:
    """Return what a person calls a fault; a fault outside the table goes by its name.

    Examples
    --------
    >>> fault_title("over_exposure"), fault_title("bent_lens")
    ('over-exposure', 'bent lens')
    """
    try:
        return fault_named(name).title
    except UsageError:
        return printable(name).replace("_", " ")


def fault_looks(name: str) -> str:
    """Return what images with the fault do, after "the images".

    Examples
    --------
    >>> fault_looks("haze"), fault_looks("bent_lens")
    ('look hazy', 'show bent lens')
    """
    return LOOKS.get(name) or f"show {fault_title(name)}"


def fault_meaning(name: str) -> str:
    """Return what can be seen and what usually causes it; empty for a fault outside the table."""
    try:
        return fault_named(name).sentence
    except UsageError:
        return ""
