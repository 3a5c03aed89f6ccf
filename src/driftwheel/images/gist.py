"""GIST: oriented edges, contrast and colour on a 4 × 4 grid, a fixed descriptor of an image as a whole.

Nothing in it is trained or downloaded. An image is reduced to 128 × 128 pixels and passed through Gabor
filters of four wavelengths and six orientations. Each cell of the grid then holds 32 numbers:

- 24 *edges*: the energy at each wavelength and orientation as a share of all energy in the cell, so that a
  change of contrast alone leaves them as they are;
- 4 *levels*: the logarithm of the energy at each wavelength, so that a change of contrast, blur or noise
  shows;
- 4 *colours*: mean luma, mean red-green and blue-yellow, and the spread of the two colour axes within the
  cell.

The cells are soft (triangular windows, twice as wide as their distance), so a shift by a few pixels changes
little.

Source: Oliva and Torralba, "Modeling the shape of the scene: a holistic representation of the spatial
envelope", International Journal of Computer Vision 42(3), 2001. New here: the filters are separable and run
on a pyramid, absolute contrast is kept beside the normalised edges, and colour is added.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["DIMENSIONS", "GRID", "ORIENTATIONS", "SIDE", "WAVELENGTHS", "gist", "reduce_for_gist"]

SIDE = 128
"""Side of the reduced image, in pixels."""
GRID = 4
"""Cells along one side of the image."""
WAVELENGTHS = (3.5, 7.0, 14.0, 28.0)
"""Wavelengths of the filters, in pixels of the reduced image."""
ORIENTATIONS = (0, 30, 60, 90, 120, 150)
"""Directions in which the filters oscillate, in degrees from the x axis towards the y axis (downwards)."""
DIMENSIONS = GRID * GRID * (len(WAVELENGTHS) * (len(ORIENTATIONS) + 1) + 4)
"""Length of the descriptor: 512."""

_BANDWIDTH = 0.5  # standard deviation of a filter's envelope, in wavelengths: about one octave
_NOISE_FLOOR = 0.01  # luma amplitude (of 1) below which structure counts as none
_LEVEL_WEIGHT = 0.2
_SPREAD_WEIGHT = 2.0
_FINE = 16  # side of the grid on which cells are weighted
_SHARES = (1.0, np.sqrt(0.75), 0.5, 0.0)  # |cos| and |sin| of the orientations, in falling order


def reduce_for_gist(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return one image squeezed to the fixed size that `gist` reads.

    Parameters
    ----------
    pixels
        (h, w, 3) BGR uint8 of any size from 1 × 1; its aspect ratio is given up, so that nothing is cropped
        away.

    Returns
    -------
    (128, 128, 3) BGR uint8: the mean over each output pixel's area, linear interpolation along a side
    shorter than 128.

    Raises
    ------
    UsageError
        If `pixels` is not such an array.

    Examples
    --------
    >>> reduce_for_gist(np.zeros((480, 640, 3), np.uint8)).shape
    (128, 128, 3)
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        given = f"{pixels.dtype} of shape {pixels.shape}"
        raise UsageError(f"An image to describe must be uint8 of shape (h, w, 3) in BGR order, not {given}.")
    height, width = pixels.shape[:2]
    if height > SIDE or width > SIDE:  # shrink first, side by side: averaging must not meet enlarging
        size = (min(width, SIDE), min(height, SIDE))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def gist(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe reduced images by oriented edges, contrast and colour on a grid.

    Each image is described by itself: the result does not depend on what else is in the batch.

    Parameters
    ----------
    images
        (n, 128, 128, 3) BGR uint8 from `reduce_for_gist`; n may be 0.

    Returns
    -------
    (n, 512) float32, finite. First the edges (wavelength, orientation, row, column) in [0, 1], of Euclidean
    length at most 1 in each cell; then the levels (wavelength, row, column) in [0, 1); then mean luma in
    [0, 1], mean red-green and blue-yellow in [-1, 1] and colour spread in [0, 3], each (row, column).

    Raises
    ------
    UsageError
        If `images` has another shape or type.

    Examples
    --------
    >>> stripes = np.zeros((128, 128, 3), np.uint8)
    >>> stripes[:, np.arange(128) % 14 < 7] = 255  # vertical stripes, 14 pixels from one to the next
    >>> edges = gist(stripes[None])[0, :384].reshape(4, 6, 4, 4)
    >>> [int(i) for i in np.unravel_index(edges.sum((2, 3)).argmax(), (4, 6))]  # wavelength 14, along x
    [2, 0]
    """
    if images.shape[1:] != (SIDE, SIDE, 3) or images.dtype != np.uint8:
        given = f"{images.dtype} of shape {images.shape}"
        raise UsageError(
            f"`gist` reads uint8 of shape (n, {SIDE}, {SIDE}, 3) made by `reduce_for_gist`, not {given}."
        )
    described = np.empty((len(images), DIMENSIONS), dtype=np.float32)
    for row, image in zip(described, images, strict=True):
        _describe(image, row)
    return described


class _Wave(NamedTuple):
    """A filter in one dimension, as OpenCV takes it; where the frequency is 0 the sine is None."""

    cosine: NDArray[np.float32]
    sine: NDArray[np.float32] | None


def _describe(image: NDArray[np.uint8], into: NDArray[np.float32]) -> None:
    luma, red_green, blue_yellow = _opponent(image)
    energy = _energies(luma)
    of_cell = np.sqrt(np.square(energy).sum(axis=(0, 1)) + _NOISE_FLOOR**2)
    levels = _LEVEL_WEIGHT * np.log1p(energy.mean(axis=1) / _NOISE_FLOOR)
    squares = [cv2.multiply(plane, plane) for plane in (red_green, blue_yellow)]
    means = _in_cells([luma, red_green, blue_yellow, *squares])
    variance = (means[3:] - np.square(means[1:3])).sum(axis=0)
    spread = _SPREAD_WEIGHT * np.sqrt(np.maximum(variance, 0))
    parts = [energy / of_cell, levels, means[:3], spread]
    np.concatenate([part.ravel() for part in parts], out=into)


def _opponent(image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Return luma (ITU-R BT.601), red minus green, and blue minus yellow, of pixels in [0, 1]."""
    blue, green, red = (np.multiply(plane, np.float32(1 / 255)) for plane in cv2.split(image))
    red_green = red - green
    blue_yellow = blue - np.float32(0.5) * (red + green)
    luma = np.float32(0.114) * blue + np.float32(0.587) * green + np.float32(0.299) * red
    return [luma, red_green, blue_yellow]


def _energies(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (wavelengths, orientations, 4, 4): the mean amplitude of (128, 128) luma in each cell.

    Each wavelength is twice the one before, so the same filters are run on ever smaller images.
    """
    background = cv2.GaussianBlur(_halved(_halved(luma)), (0, 0), 2.0, borderType=cv2.BORDER_REFLECT)
    level: NDArray[Any] = cv2.subtract(
        luma, cv2.resize(background, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    )
    pooled = []
    for number in range(len(WAVELENGTHS)):
        level = _halved(level) if number else level
        pooled.append(_in_cells(_amplitudes(level)))
    return np.array(pooled)


def _amplitudes(level: NDArray[Any]) -> list[NDArray[Any]]:
    """Return for each orientation the length of (cosine response, sine response) at every pixel.

    A filter that oscillates along (u, v) is made of products of one-dimensional ones, cos(ux + vy) = cos cos
    - sin sin and sin(ux + vy) = sin cos + cos sin; the filter along (u, -v) is made of the same four
    products.
    """
    waves = _waves()
    rows = [
        _Wave(_along_x(level, w.cosine), None if w.sine is None else _along_x(level, w.sine)) for w in waves
    ]
    found: list[NDArray[Any]] = [level] * len(ORIENTATIONS)
    found[0] = _length(*(_along_y(row, waves[3].cosine) for row in rows[0] if row is not None))
    found[3] = _length(*(_along_y(rows[3].cosine, wave) for wave in waves[0] if wave is not None))
    for x, y, down, up in ((1, 2, 1, 5), (2, 1, 2, 4)):
        cc, cs, sc, ss = (
            _along_y(row, wave) for row in rows[x] if row is not None for wave in waves[y] if wave is not None
        )
        found[down] = _length(cc - ss, sc + cs)
        found[up] = _length(cc + ss, sc - cs)
    return found


def _length(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return √(a² + b²), written over `a`; `b` is spent too.

    `cv2.magnitude` would do, but its last bit depends on where the arrays lie in memory.
    """
    np.square(a, out=a)
    np.square(b, out=b)
    a += b
    return np.asarray(np.sqrt(a, out=a))


def _in_cells(planes: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Return (p, 4, 4) means of p planes over soft cells."""
    weights = _soft_cells()
    fine = np.array([cv2.resize(plane, (_FINE, _FINE), interpolation=cv2.INTER_AREA) for plane in planes])
    return np.asarray(weights @ fine @ weights.T, dtype=np.float32)


def _halved(plane: NDArray[Any]) -> NDArray[Any]:
    return cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _along_x(plane: NDArray[Any], kernel: NDArray[np.float32]) -> NDArray[Any]:
    return cv2.filter2D(plane, cv2.CV_32F, kernel[None, :], borderType=cv2.BORDER_REFLECT)


def _along_y(plane: NDArray[Any], kernel: NDArray[np.float32]) -> NDArray[Any]:
    return cv2.filter2D(plane, cv2.CV_32F, kernel[:, None], borderType=cv2.BORDER_REFLECT)


@cache
def _waves() -> tuple[_Wave, ...]:
    """Return the filters of the shortest wavelength at each share of its frequency."""
    sigma = _BANDWIDTH * WAVELENGTHS[0]
    reach = int(np.ceil(3 * sigma))
    place = np.arange(-reach, reach + 1)
    envelope = np.exp(-0.5 * np.square(place / sigma))
    envelope /= envelope.sum()
    waves = []
    for share in _SHARES:
        phase = 2 * np.pi * share / WAVELENGTHS[0] * place
        cosine, sine = (envelope * wave(phase) for wave in (np.cos, np.sin))
        waves.append(_Wave(cosine.astype(np.float32), sine.astype(np.float32) if share > 0 else None))
    return tuple(waves)


@cache
def _soft_cells() -> NDArray[np.float32]:
    """Return the (4, 16) weights of evenly spaced positions in triangular cells; each row sums to 1."""
    place = np.clip((np.arange(_FINE) + 0.5) / _FINE * GRID - 0.5, 0, GRID - 1)
    weights = np.maximum(1 - np.abs(place - np.arange(GRID)[:, None]), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
