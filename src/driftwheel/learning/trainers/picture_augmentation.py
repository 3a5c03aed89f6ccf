"""Augmentation of prepared pictures: cut, turned, mirrored and lit in another way each time they are seen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.trainers.recipe import Augmentation

__all__ = ["augment_picture"]


def augment_picture(
    picture: NDArray[np.uint8], changes: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return one (side, side, 3) uint8 picture, changed at random as `changes` allow; the original stays.

    Where a turned picture has nothing to show, its edge is mirrored.

    Examples
    --------
    >>> grey = np.full((8, 8, 3), 100, np.uint8)
    >>> same = Augmentation(flip=True, zoom=0.3, light=0, colour=0)
    >>> int(augment_picture(grey, same, np.random.default_rng(0)).min())
    100
    """
    side = picture.shape[0]
    mirrored = changes.flip and rng.random() < 0.5
    scale = 1 - changes.zoom * rng.random()
    angle = np.deg2rad(changes.turn * rng.uniform(-1, 1))
    room = (1 - scale) * side / 2
    centre = (side - 1) / 2 + rng.uniform(-room, room, 2)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    if mirrored:
        turned[:, 0] *= -1
    map_back = np.column_stack((turned, centre - turned @ np.full(2, (side - 1) / 2)))
    plain = not mirrored and changes.zoom == 0 and changes.turn == 0
    changed = picture
    if not plain:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        changed = np.asarray(
            cv2.warpAffine(picture, map_back, (side, side), flags=flags, borderMode=cv2.BORDER_REFLECT_101),
            dtype=np.uint8,
        )
    if changes.light or changes.colour:
        contrast, bright = 1 + changes.light * rng.uniform(-1, 1, 2)
        factors = bright * (1 + changes.colour * rng.uniform(-1, 1, 3))
        levels = np.arange(256, dtype=np.float64)[:, None]
        middle = float(changed.mean())
        table = np.clip(np.rint(((levels - middle) * contrast + middle) * factors), 0, 255).astype(np.uint8)
        changed = np.asarray(cv2.LUT(changed, table[None]), dtype=np.uint8)
    return changed
