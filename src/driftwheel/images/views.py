"""The views of one image that properties are measured on, each made once and shared.

Three scales are enough for every property:

* **full**: every pixel, which sharpness, noise and the traces of compression live on;
* **medium**: the means of blocks of 4 × 4 pixels (or 2 × 2, 1 × 1: the largest that leaves 112 on the shorter
  side): what tones and edges need;
* **reduced**: blocks of 8 × 8 pixels (or 4 × 4, 2 × 2, 1 × 1: the largest that leaves 32 on the shorter
  side), of which grey is the mean of all pixels and colour the mean of four: what colour and layout need.

In fast mode a JPEG is decoded at medium scale straight away, which its transform allows in less time. The
medium and reduced views then differ little from those of exact mode. What stands for the full view is the
medium one (`scale` is 2 or 4), and the properties measured on it correct for that as far as they can.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.images.decode import Reduction
from driftwheel.images.header import Header
from driftwheel.images.once import once
from driftwheel.images.scratch import Scratch
from driftwheel.images.steps import Energies, column_means, energies, row_means

__all__ = ["Pixels", "Views", "medium_reduction", "reduced_reduction"]

Pixels = NDArray[np.uint8]

SHORTER_SIDE_MEDIUM = 112
SHORTER_SIDE_REDUCED = 32


def medium_reduction(width: int, height: int) -> Reduction:
    """Return the largest block size of 4, 2 and 1 that leaves 112 pixels on the shorter side, else 1.

    Examples
    --------
    >>> medium_reduction(1920, 1080), medium_reduction(640, 480), medium_reduction(224, 168)
    (4, 4, 1)
    """
    sizes = min(width, height) // SHORTER_SIDE_MEDIUM
    return 4 if sizes >= 4 else 2 if sizes >= 2 else 1


def reduced_reduction(width: int, height: int) -> Reduction:
    """Return the largest block size of 8, 4, 2 and 1 that leaves 32 pixels on the shorter side, else 1.

    Examples
    --------
    >>> reduced_reduction(640, 480), reduced_reduction(224, 168), reduced_reduction(28, 28)
    (8, 4, 1)
    """
    sizes = min(width, height) // SHORTER_SIDE_REDUCED
    return 8 if sizes >= 8 else 4 if sizes >= 4 else 2 if sizes >= 2 else 1


class Views:
    """The views of one decoded image, made when first asked for.

    Parameters
    ----------
    header
        What the file says of itself.
    colour
        (h, w, 3) BGR uint8: the full decode, or one at medium scale.
    scratch
        Buffers to make the views in; the views are then only good until the scratch serves another image.
    """

    def __init__(self, header: Header, colour: Pixels, scratch: Scratch | None = None) -> None:
        self.header = header
        self.colour = colour
        self.medium_reduction = medium_reduction(header.width, header.height)
        self.scale: Reduction = 1 if colour.shape[1] == header.width else self.medium_reduction
        self.reduced_reduction = reduced_reduction(header.width, header.height)
        self._scratch = Scratch() if scratch is None else scratch

    @property
    def every(self) -> int:
        """One in so many rows is looked at where rows are sampled: as many as at medium scale."""
        return self.medium_reduction // self.scale

    def buffer(self, name: str, height: int, width: int) -> Pixels:
        """Return an uninitialised (height, width) uint8 buffer; one of each name at a time."""
        return self._scratch.take(name, (height, width), height * width)

    def running_sums(self, pixels: Pixels) -> NDArray[np.int32]:
        """Return the (h + 1, w + 1) sums of all pixels above and left of each corner of (h, w) pixels."""
        height, width = pixels.shape
        sums = self.buffer("running sums", height + 1, 4 * (width + 1)).view(np.int32)
        return np.asarray(cv2.integral(pixels, sums), dtype=np.int32)

    @once
    def full_grey(self) -> Pixels:
        """(h, w) luma, 0.299 R + 0.587 G + 0.114 B, at full scale (in fast mode: at medium scale)."""
        return self._luma("full grey", self.colour)

    @once
    def medium_grey(self) -> Pixels:
        """(h', w') luma at medium scale."""
        return self._halved("medium grey", self.full_grey, self.medium_reduction // self.scale)

    @once
    def reduced_grey(self) -> Pixels:
        """(h″, w″) luma at reduced scale."""
        return self._halved("reduced grey", self.medium_grey, self.reduced_reduction // self.medium_reduction)

    @once
    def reduced(self) -> Pixels:
        """(h″, w″, 3) BGR at reduced scale."""
        block = self.reduced_reduction // self.scale
        if block == 1:
            return self.colour
        height, width = self.colour.shape[0] // block, self.colour.shape[1] // block
        rows = self.colour[: height * block : block // 2, : width * block]
        buffer = self._scratch.take("reduced", (height, width, 3), height * width * 3)
        cv2.resize(rows, (width, height), buffer, interpolation=cv2.INTER_LINEAR)
        return buffer

    @once
    def channels(self) -> tuple[Pixels, Pixels, Pixels]:
        """Blue, green and red, (h″, w″) each, at reduced scale."""
        height, width = self.reduced.shape[:2]
        blue, green, red = (self.buffer(name, height, width) for name in ("blue", "green", "red"))
        cv2.split(self.reduced, (blue, green, red))
        return blue, green, red

    @once
    def darkest_channel(self) -> Pixels:
        """(h″, w″) smallest of blue, green and red at reduced scale."""
        blue, green, red = self.channels
        darkest = self.buffer("darkest channel", *blue.shape)
        cv2.min(blue, green, darkest)
        cv2.min(darkest, red, darkest)
        return darkest

    @once
    def chroma(self) -> Pixels:
        """(h″, w″) largest minus smallest channel at reduced scale; 0 for grey."""
        blue, green, red = self.channels
        chroma = self.buffer("chroma", *blue.shape)
        cv2.max(blue, green, chroma)
        cv2.max(chroma, red, chroma)
        cv2.subtract(chroma, self.darkest_channel, chroma)
        return chroma

    @once
    def hsv(self) -> Pixels:
        """(h″, w″, 3) hue in steps of 2° (0…179), saturation and value (0…255) at reduced scale."""
        buffer = self._scratch.take("hsv", self.reduced.shape, self.reduced.size)
        cv2.cvtColor(self.reduced, cv2.COLOR_BGR2HSV, buffer)
        return buffer

    @once
    def channel_means(self) -> tuple[float, float, float]:
        """Mean blue, green and red at reduced scale, 0…255."""
        blue, green, red, _ = cv2.mean(self.reduced)
        return blue, green, red

    @once
    def tones(self) -> NDArray[np.int64]:
        """(256,) counts of the grey levels at medium scale."""
        counts = cv2.calcHist([self.medium_grey], [0], None, [256], [0.0, 256.0])
        return counts.ravel().astype(np.int64)

    @once
    def edge_strength(self) -> Pixels:
        """(h' − 1, w' − 1) |step right| + |step down| of grey, at most 255, at medium scale."""
        grey = self.medium_grey
        height, width = grey.shape
        strength = self.buffer("edge strength", height - 1, width - 1)
        down = self.buffer("steps", height - 1, width - 1)
        cv2.absdiff(grey[:-1, 1:], grey[:-1, :-1], strength)
        cv2.absdiff(grey[1:, :-1], grey[:-1, :-1], down)
        cv2.add(strength, down, strength)
        return strength

    @once
    def reduced_sums(self) -> NDArray[np.int32]:
        """(h″ + 1, w″ + 1) running sums of grey at reduced scale, for `tile_means`."""
        return cv2.integral(self.reduced_grey).astype(np.int32, copy=False)

    @once
    def line_means(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(w,) means of the columns and (h,) means of the rows of grey, at full scale."""
        return column_means(self.full_grey), row_means(self.full_grey)

    @once
    def step_profiles(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean |step| over each of the w − 1 borders of columns and h − 1 borders of rows, at full scale.

        Of large images (`every` is 4) from every fourth row and from the middle third of the columns.
        """
        grey, every = self.full_grey, self.every
        third = grey.shape[1] // 3
        rows = grey[::every]
        columns = grey[:, third : 2 * third] if every == 4 else grey
        right = self.buffer("steps", len(rows), grey.shape[1])[:, 1:]
        cv2.absdiff(rows[:, 1:], rows[:, :-1], right)
        across = column_means(right)
        down = self.buffer("steps", len(grey) - 1, columns.shape[1])
        cv2.absdiff(columns[1:], columns[:-1], down)
        return across, row_means(down)

    @once
    def full_energies(self) -> Energies:
        """Mean squared steps at full scale, of every so many rows; from 3 × 3 pixels."""
        return energies(self.full_grey, 8 if self.every == 4 else self.every)

    @once
    def medium_energies(self) -> Energies:
        """Mean squared steps at medium scale; from 3 × 3 pixels."""
        return self.full_energies if self.medium_grey is self.full_grey else energies(self.medium_grey)

    def _luma(self, name: str, colour: Pixels) -> Pixels:
        buffer = self.buffer(name, *colour.shape[:2])
        cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY, buffer)
        return buffer

    def _halved(self, name: str, grey: Pixels, reduction: int) -> Pixels:
        """Return the means of blocks of 2 × 2 pixels, repeatedly; an odd last row or column is left out."""
        while reduction > 1:
            height, width = grey.shape[0] // 2, grey.shape[1] // 2
            whole = grey[: 2 * height, : 2 * width]
            grey = self.buffer(f"{name} {reduction}", height, width)
            cv2.resize(whole, (width, height), grey, interpolation=cv2.INTER_AREA)
            reduction //= 2
        return grey
