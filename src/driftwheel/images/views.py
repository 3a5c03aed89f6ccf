"""The views of one image that properties are measured on, each made once and shared.

Two scales are enough for every property:

* **grey**, at full resolution: what sharpness, noise and the traces of compression live on;
* **reduced**, the means of square blocks of 8 × 8 pixels (4 × 4, 2 × 2 or none for small images: the largest that
  leaves at least 32 pixels on the shorter side): what colour and layout need. A JPEG decoder gives the same at an
  eighth of the size nearly for free, which is what makes the fast mode fast.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from driftwheel.images.header import Header

__all__ = ["Pixels", "Reduction", "Views", "reduce_by", "reduction_for"]

Pixels = NDArray[np.uint8]
Reduction = Literal[1, 2, 4, 8]

SHORTER_SIDE_REDUCED = 32


def reduction_for(width: int, height: int, shorter_side: int = SHORTER_SIDE_REDUCED) -> Reduction:
    """Return the largest block size of 8, 4, 2 and 1 that leaves `shorter_side` pixels on the shorter side, else 1.

    Examples
    --------
    >>> reduction_for(640, 480), reduction_for(224, 168), reduction_for(28, 28)
    (8, 4, 1)
    """
    sizes: tuple[Reduction, ...] = (8, 4, 2)
    for size in sizes:
        if min(width, height) // size >= shorter_side:
            return size
    return 1


def reduce_by(pixels: Pixels, reduction: Reduction) -> Pixels:
    """Return the means of blocks of `reduction` × `reduction` pixels; (h, w[, 3]) uint8 in and out.

    Made by halving, each time rounded to whole grey levels; an odd last row or column is left out each time.
    """
    while reduction > 1:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        whole = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        reduction = {8: 4, 4: 2, 2: 1}[reduction]  # type: ignore[assignment]
    return pixels


class Views:
    """The views of one decoded image, made when first asked for.

    Parameters
    ----------
    header
        What the file says of itself.
    colour
        (h, w, 3) BGR uint8; the full decode, or in fast mode a reduced one.
    grey
        (h, w) uint8 at full resolution; made from `colour` when not given.
    """

    def __init__(self, header: Header, colour: Pixels, grey: Pixels | None = None) -> None:
        self.header = header
        self.colour = colour
        if grey is not None:
            self.grey = grey

    @cached_property
    def grey(self) -> Pixels:
        """(h, w) luma, full resolution: 0.299 R + 0.587 G + 0.114 B."""
        return np.asarray(cv2.cvtColor(self.colour, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    @cached_property
    def tones(self) -> NDArray[np.int64]:
        """(256,) counts of the grey levels at full resolution."""
        counts = cv2.calcHist([self.grey], [0], None, [256], [0.0, 256.0])
        return counts.ravel().astype(np.int64)

    @cached_property
    def reduced(self) -> Pixels:
        """(h', w', 3) BGR block means; see `reduction_for`."""
        height, width = self.grey.shape
        wanted = reduction_for(width, height)
        already = max(1, round(max(width, height) / max(self.colour.shape[:2])))
        return reduce_by(self.colour, max(1, wanted // already))  # type: ignore[arg-type]

    @cached_property
    def reduced_grey(self) -> Pixels:
        """(h', w') luma of the block means."""
        return np.asarray(cv2.cvtColor(self.reduced, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    @cached_property
    def hsv(self) -> Pixels:
        """(h', w', 3) uint8 hue (in 2° steps, 0…179), saturation (0…255), value (0…255) of the block means."""
        return np.asarray(cv2.cvtColor(self.reduced, cv2.COLOR_BGR2HSV), dtype=np.uint8)

    @cached_property
    def chroma(self) -> Pixels:
        """(h', w') uint8 largest minus smallest channel of the block means; 0 for grey."""
        blue, green, red = cv2.split(self.reduced)
        high = cv2.max(cv2.max(blue, green), red)
        return np.asarray(cv2.subtract(high, cv2.min(cv2.min(blue, green), red)), dtype=np.uint8)

    @cached_property
    def channel_means(self) -> tuple[float, float, float]:
        """Mean blue, green and red of the block means, 0…255."""
        blue, green, red, _ = cv2.mean(self.reduced)
        return blue, green, red

    @cached_property
    def step_x(self) -> Pixels:
        """(h, w − 1) uint8 |difference| of every pixel and its right neighbour, full resolution."""
        return np.asarray(cv2.absdiff(self.grey[:, 1:], self.grey[:, :-1]), dtype=np.uint8)

    @cached_property
    def step_y(self) -> Pixels:
        """(h − 1, w) uint8 |difference| of every pixel and its lower neighbour, full resolution."""
        return np.asarray(cv2.absdiff(self.grey[1:], self.grey[:-1]), dtype=np.uint8)

    @cached_property
    def step_profiles(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(w − 1,) mean step across each column border and (h − 1,) across each row border, grey levels."""
        height, width = self.grey.shape
        across_columns = cv2.reduce(self.step_x, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / float(height)
        across_rows = cv2.reduce(self.step_y, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / float(width)
        return across_columns, across_rows

    @cached_property
    def line_means(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(w,) means of the columns and (h,) means of the rows, grey levels, full resolution."""
        height, width = self.grey.shape
        columns = cv2.reduce(self.grey, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / float(height)
        rows = cv2.reduce(self.grey, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / float(width)
        return columns, rows

    @cached_property
    def step_energies(self) -> tuple[float, float, float, float]:
        """Mean squared difference to the right, lower, lower right and lower left neighbour; NaN below 2 × 2."""
        grey = self.grey
        if min(grey.shape) < 2:
            nan = float("nan")
            return nan, nan, nan, nan
        return (
            mean_squared_difference(grey[:, 1:], grey[:, :-1]),
            mean_squared_difference(grey[1:], grey[:-1]),
            mean_squared_difference(grey[1:, 1:], grey[:-1, :-1]),
            mean_squared_difference(grey[1:, :-1], grey[:-1, 1:]),
        )

    @cached_property
    def grid_means(self) -> NDArray[np.float64]:
        """(8, 8) mean grey of the tiles of an 8 × 8 grid over the block means."""
        return self._grid[0]

    @cached_property
    def grid_deviations(self) -> NDArray[np.float64]:
        """(8, 8) standard deviation of the block means within each tile of an 8 × 8 grid, grey levels."""
        return self._grid[1]

    @cached_property
    def _grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        grey = self.reduced_grey
        rows = np.arange(9) * grey.shape[0] // 8
        columns = np.arange(9) * grey.shape[1] // 8
        sums, squares = cv2.integral2(grey)
        at = np.ix_(rows, columns)
        count = np.outer(np.diff(rows), np.diff(columns)).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.diff(np.diff(sums[at].astype(np.float64), axis=0), axis=1) / count
            square = np.diff(np.diff(squares[at], axis=0), axis=1) / count
            return mean, np.sqrt(np.maximum(square - mean * mean, 0.0))


def mean_squared_difference(one: Pixels, other: Pixels) -> float:
    """Return the mean squared difference of two (h, w) uint8 views, in squared grey levels."""
    return float(cv2.norm(one, other, cv2.NORM_L2SQR)) / one.size
