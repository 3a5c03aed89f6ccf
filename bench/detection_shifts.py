"""The shifts of "Failing Loudly": what each does to 8-bit images, and which rows of the test pool it takes.

Rabanser, Günnemann and Lipton, "Failing Loudly", NeurIPS 2019, from its description. Every shift ends in 8
bits again, so that no fraction of a grey level gives it away.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SHARES = (0.1, 0.5, 1.0)
NOISE = {"noise_small": 1.0, "noise_medium": 10.0, "noise_large": 100.0}
"""Standard deviation in grey levels."""


@dataclass(frozen=True)
class Warp:
    """How far an image may be warped, each drawn uniformly within ± these.

    `turn` in degrees, `move` as a share of the side, `shear` in radians, `zoom` as a share; flips are drawn
    with probability ½.
    """

    turn: float
    move: float
    shear: float
    zoom: float
    mirror: bool = False
    upside_down: bool = False


WARPS = {
    "image_small": Warp(10, 0.05, 0.1, 0.1),
    "image_medium": Warp(40, 0.2, 0.2, 0.2, mirror=True),
    "image_large": Warp(90, 0.4, 0.3, 0.4, mirror=True, upside_down=True),
}
ADVERSARIAL = "adversarial"
TRANSFORMS = (*NOISE, *WARPS, ADVERSARIAL)


@dataclass(frozen=True)
class Cell:
    """One shift at one share.

    Attributes
    ----------
    shift
        The row of the table.
    intensity
        small, medium or large.
    share
        δ: the share of rows changed, or of class 0 removed.
    transform
        What is done to the changed rows; None for the knock-out.
    changed
        Share of rows transformed.
    removed
        Share of class 0 removed.
    only_zero
        Whether class 0 alone is left.
    """

    shift: str
    intensity: str
    share: float
    transform: str | None = None
    changed: float = 0.0
    removed: float = 0.0
    only_zero: bool = False

    @property
    def name(self) -> str:
        return f"{self.shift} {self.share:g}"


def _cells() -> tuple[Cell, ...]:
    cells = []
    for share in SHARES:
        for transform in TRANSFORMS:
            kind, _, size = transform.partition("_")
            shift = f"{size} {kind}".strip()
            cells.append(Cell(shift, size or "large", share, transform, changed=share))
        cells.append(Cell("knock-out", "small", share, removed=share))
        cells.append(Cell("medium image + knock-out", "medium", share, "image_medium", 0.5, removed=share))
        cells.append(Cell("only zero + medium image", "large", share, "image_medium", share, only_zero=True))
    return tuple(cells)


CELLS = _cells()


def noisy(image: NDArray[np.uint8], deviation: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add Gaussian noise of `deviation` grey levels, clipped and rounded to 8 bits."""
    values = image + rng.normal(0.0, deviation, image.shape)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def warped(image: NDArray[np.uint8], warp: Warp, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn, move, shear, zoom and flip about the middle; what comes into view is the nearest edge."""
    height, width = image.shape[:2]
    turn, down, right, shear, zoom_y, zoom_x = rng.uniform(-1.0, 1.0, 6)
    flips = rng.random(2) < 0.5
    angle, lean = np.deg2rad(warp.turn * turn), warp.shear * shear
    about = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slanted = np.array([[1.0, -np.sin(lean)], [0.0, np.cos(lean)]])
    zoomed = np.diag([1.0 + warp.zoom * zoom_x, 1.0 + warp.zoom * zoom_y])
    source = about @ slanted @ zoomed  # (x, y) of the result → (x, y) of the image, both from the middle
    middle = np.array([width - 1, height - 1]) / 2
    moved = np.array([warp.move * right * width, warp.move * down * height])
    offset = middle - source @ middle + moved
    result = cv2.warpAffine(
        image,
        np.column_stack([source, offset]),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if warp.mirror and flips[0]:
        result = result[:, ::-1]
    if warp.upside_down and flips[1]:
        result = result[::-1]
    return np.ascontiguousarray(result)


def transformed(name: str, images: NDArray[np.uint8], rows: NDArray[np.intp], seed: int) -> NDArray[np.uint8]:
    """Give each image its noise or warp, drawn from the seed and its own row: the others do not matter."""
    place = TRANSFORMS.index(name)
    changed = np.empty_like(images)
    for i, (image, row) in enumerate(zip(images, rows, strict=True)):
        rng = np.random.default_rng([seed, place, int(row)])
        changed[i] = noisy(image, NOISE[name], rng) if name in NOISE else warped(image, WARPS[name], rng)
    return changed


def rows_of(cell: Cell, labels: NDArray[np.int64], seed: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return which rows of the test pool are left, in order, and which of them are transformed.

    Parameters
    ----------
    labels
        Of the whole test pool, already shuffled.
    """
    rng = np.random.default_rng([seed, 1000 + CELLS.index(cell)])
    zeros = np.flatnonzero(labels == 0)
    rows = zeros if cell.only_zero else np.arange(len(labels))
    changed = np.zeros(len(labels), dtype=np.bool_)
    changed[rng.choice(rows, int(np.ceil(cell.changed * len(rows))), replace=False)] = True
    gone = rng.choice(zeros, int(np.ceil(cell.removed * len(zeros))), replace=False)
    left = np.setdiff1d(rows, gone)
    return left, changed[left]
