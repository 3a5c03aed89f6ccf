"""GIST: oriented edges, contrast and colour on a 4 × 4 grid, a fixed descriptor of an image as a whole.

Nothing in it is trained or downloaded. An image is reduced to 128 × 128 pixels and passed through Gabor
filters of four wavelengths and six orientations. Each cell of the grid then holds 32 numbers:

- 24 *edges*: the energy at each wavelength and orientation as a share of all energy in the image, so that a
  change of contrast alone leaves them as they are;
- 4 *levels*: the logarithm of the energy at each wavelength, so that a change of contrast, blur or noise
  shows;
- 4 *colours*: mean luma, mean red-green and blue-yellow, and the spread of the two colour axes within the
  cell.

The cells are soft (triangular windows, twice as wide as their distance), so a shift by a few pixels changes
little.

Source: Oliva and Torralba, "Modeling the shape of the scene: a holistic representation of the spatial
envelope", International Journal of Computer Vision 42(3), 2001. New here: the filters are separable and
applied as matrix products, absolute contrast is kept beside the normalised edges, and colour is added.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

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

_SAMPLES = (48, 32, 16, 16)  # positions along a side at which each wavelength is evaluated
_BANDWIDTH = 0.5  # standard deviation of a filter's envelope, in wavelengths: about one octave
_NOISE_FLOOR = 0.01  # luma amplitude (of 1) below which structure counts as none
_LEVEL_WEIGHT = 0.2
_SPREAD_WEIGHT = 2.0
_SHARES = (1.0, np.sqrt(0.75), 0.5, 0.0)  # |cos| and |sin| of the orientations, in falling order
# Luma (ITU-R BT.601), red minus green, and blue minus yellow, from BGR of 0…255
_OPPONENT = np.array([[0.114, 0.587, 0.299], [0.0, -1.0, 1.0], [1.0, -0.5, -0.5]]) / 255


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
    length at most 1; then the levels (wavelength, row, column) in [0, 1); then mean luma in [0, 1], mean
    red-green and blue-yellow in [-1, 1] and colour spread in [0, 3], each (row, column).

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


class _Scale(NamedTuple):
    """The filters of one wavelength, at m positions along a side, as matrices."""

    along_x: NDArray[np.float32]  # (128, 8 m): for each share of the frequency a cosine and a sine part
    along_y: NDArray[np.float32]  # the same, transposed
    pool: NDArray[np.float32]  # (4, m): means over soft cells


class _Bank(NamedTuple):
    scales: tuple[_Scale, ...]
    smooth: NDArray[np.float32]  # (128, 128): what the longest wavelength cannot see
    pool: NDArray[np.float32]  # (4, 128)


def _describe(image: NDArray[np.uint8], into: NDArray[np.float32]) -> None:
    bank = _bank()
    planes = cv2.split(cv2.transform(image.astype(np.float32), _OPPONENT))
    luma, red_green, blue_yellow = (np.asarray(plane, dtype=np.float32) for plane in planes)
    background = np.asarray(bank.smooth @ luma @ bank.smooth.T, dtype=np.float32)
    energy = _energies(luma - background, bank)
    overall = np.sqrt(np.square(energy).sum() + GRID * GRID * _NOISE_FLOOR**2)
    levels = _LEVEL_WEIGHT * np.log1p(energy.mean(axis=1) / _NOISE_FLOOR)
    variance = np.zeros((GRID, GRID), dtype=np.float32)
    means = [_in_cells(luma, bank.pool)]
    for axis in (red_green, blue_yellow):
        means.append(_in_cells(axis, bank.pool))
        variance += _in_cells(np.square(axis), bank.pool) - np.square(means[-1])
    spread = _SPREAD_WEIGHT * np.sqrt(np.maximum(variance, 0))
    parts = [energy / overall, levels, *means, spread]
    np.concatenate([part.ravel() for part in parts], out=into)


def _energies(luma: NDArray[np.float32], bank: _Bank) -> NDArray[np.float32]:
    """Return (wavelengths, orientations, 4, 4): the mean amplitude of (128, 128) luma in each cell."""
    pooled = np.empty((len(bank.scales), len(ORIENTATIONS), GRID, GRID), dtype=np.float32)
    for number, scale in enumerate(bank.scales):
        power = _power(luma, scale)
        amplitude = np.sqrt(np.maximum(power, 0, out=power), out=power)
        pooled[number] = _in_cells(amplitude, scale.pool)
    return pooled


def _power(luma: NDArray[np.float32], scale: _Scale) -> NDArray[np.float32]:
    """Return (orientations, m, m): cosine response squared plus sine response squared.

    A filter that oscillates along (u, v) is made of products of one-dimensional ones, cos(ux + vy) = cos
    cos - sin sin and sin(ux + vy) = sin cos + cos sin; the filter along (u, -v) is made of the same four
    products.
    """
    m = scale.pool.shape[1]
    rows = luma @ scale.along_x

    def products(x: int, y: int) -> NDArray[np.float32]:
        """Return (cosine or sine along y, m, cosine or sine along x, m) at two shares of the frequency."""
        both = scale.along_y[2 * y * m : 2 * (y + 1) * m] @ rows[:, 2 * x * m : 2 * (x + 1) * m]
        return both.reshape(2, m, 2, m)

    power = np.empty((len(ORIENTATIONS), m, m), dtype=np.float32)
    along_x, along_y = products(0, 3)[0], products(3, 0)[:, :, 0]
    np.add(np.square(along_x[:, 0]), np.square(along_x[:, 1]), out=power[0])
    np.add(np.square(along_y[0]), np.square(along_y[1]), out=power[3])
    for x, y, down, up in ((1, 2, 1, 5), (2, 1, 2, 4)):
        both = products(x, y)
        total = np.square(both).sum(axis=(0, 2))
        cross = 2 * (both[0, :, 1] * both[1, :, 0] - both[0, :, 0] * both[1, :, 1])
        np.add(total, cross, out=power[down])
        np.subtract(total, cross, out=power[up])
    return power


def _in_cells(plane: NDArray[np.float32], pool: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(pool @ plane @ pool.T, dtype=np.float32)


@cache
def _bank() -> _Bank:
    scales = []
    for wavelength, m in zip(WAVELENGTHS, _SAMPLES, strict=True):
        parts = [wave for share in _SHARES for wave in _gabor(share / wavelength, _BANDWIDTH * wavelength, m)]
        along_x = np.ascontiguousarray(np.concatenate(parts, axis=1), dtype=np.float32)
        scales.append(_Scale(along_x, np.ascontiguousarray(along_x.T), _soft_cells(m)))
    smooth, _ = _gabor(0.0, 8.0, SIDE)
    return _Bank(tuple(scales), np.ascontiguousarray(smooth.T, dtype=np.float32), _soft_cells(SIDE))


def _gabor(frequency: float, sigma: float, m: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the cosine and sine parts of a one-dimensional filter as (128, m) matrices.

    Beyond its edges the image is mirrored.
    """
    centres = (np.arange(m) + 0.5) * (SIDE / m) - 0.5
    reach = int(np.ceil(3 * sigma)) + 1
    positions = np.round(centres).astype(int)[:, None] + np.arange(-reach, reach + 1)
    distance = positions - centres[:, None]
    envelope = np.exp(-0.5 * np.square(distance / sigma))
    envelope /= envelope.sum(axis=1, keepdims=True)
    folded = positions % (2 * SIDE)
    folded = np.where(folded < SIDE, folded, 2 * SIDE - 1 - folded)
    columns = np.broadcast_to(np.arange(m)[:, None], folded.shape)
    waves = []
    for wave in (np.cos, np.sin):
        matrix = np.zeros((SIDE, m))
        np.add.at(matrix, (folded, columns), envelope * wave(2 * np.pi * frequency * distance))
        waves.append(matrix)
    return waves[0], waves[1]


def _soft_cells(m: int) -> NDArray[np.float32]:
    """Return the (4, m) weights of m evenly spaced positions in triangular cells; each row sums to 1."""
    place = np.clip((np.arange(m) + 0.5) / m * GRID - 0.5, 0, GRID - 1)
    weights = np.maximum(1 - np.abs(place - np.arange(GRID)[:, None]), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
