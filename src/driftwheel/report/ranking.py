"""The order in which properties are spoken of: first what a person would look at for the named fault."""

from __future__ import annotations

from driftwheel.drift.verdict import PropertyDrift, Verdict

__all__ = ["SIGNS", "ranked"]

SIGNS: dict[str, tuple[str, ...]] = {
    "blur": ("sharpness", "fine_detail"),
    "motion_blur": ("gradient_anisotropy", "sharpness"),
    "noise": ("residual_noise",),
    "dead_pixels": ("stuck_pixels",),
    "pixelation": ("pixelation",),
    "compression": ("jpeg_quality", "blockiness"),
    "over_exposure": ("brightness", "white_share"),
    "under_exposure": ("brightness", "black_share"),
    "contrast": ("contrast", "dynamic_range"),
    "colour_cast": ("colour_cast_a", "colour_cast_b", "hue"),
    "greyscale": ("saturation", "colourfulness"),
    "haze": ("haze", "contrast"),
    "occlusion": ("flat_share", "black_share"),
    "rotation": ("edge_balance",),
    "flip": ("top_bottom", "left_right"),
    "crop": ("edge_density",),
    "resolution": ("width", "height"),
    "frozen_frame": ("near_duplicate",),
}
"""Fault name → the properties in which a person would see it, the plainest first."""


def ranked(verdict: Verdict) -> list[PropertyDrift]:
    """Return the properties of a verdict: drifted ones first, led by the signs of the first fault it names.

    Otherwise the verdict's own order is kept, strongest evidence first. Where all changed beyond doubt, that
    order alone says little to a person.
    """
    signs = SIGNS.get(verdict.diagnosis[0].fault, ()) if verdict.diagnosis else ()

    def place(one: PropertyDrift) -> tuple[bool, int]:
        return not one.drifted, signs.index(one.name) if one.drifted and one.name in signs else len(signs)

    return sorted(verdict.properties, key=place)
