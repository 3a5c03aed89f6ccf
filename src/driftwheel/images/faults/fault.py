"""What a camera fault is: a name, words for people, and a function that gives pixels the fault."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["SEVERITIES", "Chance", "Fault", "draw_chance"]

SEVERITIES = (1, 2, 3, 4, 5)
"""The grades of a fault: 1 is just visible to a person who looks for it, 5 is gross."""


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """Where a fault's randomness comes from.

    Attributes
    ----------
    camera
        Draws what stays the same for one camera: which pixels are dead, where the dirt sits.
    image
        Draws what differs from image to image: the noise.
    variant
        Which of the fault's variants the camera has; an empty string for a fault without variants.
    """

    camera: np.random.Generator
    image: np.random.Generator
    variant: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a camera, its lens, its mount or its stream goes wrong.

    Attributes
    ----------
    name
        Stable, snake_case; results and JSON rely on it.
    title
        What a person calls it.
    sentence
        What can be seen, and what usually causes it.
    has_severity
        Whether it comes in the grades 1 to 5.
    scope
        ``image``: changes the pixels of one image. ``file``: changes how pixels are stored; applied to
        pixels it leaves what a viewer would see. ``stream``: changes which frame arrives when, so `function`
        is None.
    function
        (h, w, 3) BGR uint8, severity 1 to 5 (ignored by a fault without grades), chance → (h′, w′, 3) BGR
        uint8, a new array.
    variants
        The forms it comes in, one of which a camera has and keeps: the hue of a cast, the sense of a
        rotation.
    """

    name: str
    title: str
    sentence: str
    has_severity: bool
    scope: Literal["image", "file", "stream"]
    function: Callable[[NDArray[np.uint8], int, Chance], NDArray[np.uint8]] | None
    variants: tuple[str, ...] = ("",)

    @property
    def severities(self) -> tuple[int | None, ...]:
        """The grades it comes in: 1 to 5, or only None."""
        return SEVERITIES if self.has_severity else (None,)


def draw_chance(fault: Fault, pixels: NDArray[np.uint8], seed: int, variant: str | None = None) -> Chance:
    """Return a fault's randomness: of the camera by `seed`, of the image by `seed` and the bytes of `pixels`.

    The severity has no part in it, so that a graver fault is the same fault, graver.
    """
    key = hashlib.blake2b(f"{fault.name}\0{seed}".encode(), digest_size=16)
    camera = np.random.default_rng(int.from_bytes(key.digest()))
    drawn = fault.variants[int(camera.integers(len(fault.variants)))]
    key.update(repr(pixels.shape).encode())
    key.update(np.ascontiguousarray(pixels).data)
    image = np.random.default_rng(int.from_bytes(key.digest()))
    return Chance(camera=camera, image=image, variant=drawn if variant is None else variant)
