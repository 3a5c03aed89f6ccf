"""Near-duplicates: images that show so nearly the same that a second label teaches nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.images.properties.near_duplicate import MOST_BITS_APART
from driftwheel.selection.embedding_table import as_rows, as_table, squared_distances_to_nearest

__all__ = ["RADIUS", "Likeness", "likeness"]

RADIUS = 0.15
"""Of the median distance of two images of the pool: nearer ones show nearly the same."""

_PAIRS = 5000
_BLOCK = 8_000_000  # pairs of hashes held at once: 64 MB


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What tells near-duplicates in one pool.

    Attributes
    ----------
    table
        (n, d) centred embeddings, or None.
    squared_radius
        The squared distance up to which two of them show nearly the same.
    hashes, hashed
        (n,) difference hashes, and which of them are known; or None both.
    """

    table: NDArray[np.float32] | None
    squared_radius: float
    hashes: NDArray[np.uint64] | None
    hashed: NDArray[np.bool_] | None

    def first_of_each(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the places in `rows` of those that show nearly the same as none kept before them."""
        alike = np.zeros((len(rows), len(rows)), dtype=bool)
        if self.table is not None:
            own = self.table[rows]
            squares = np.einsum("ij,ij->i", own, own)
            alike |= squares[:, None] + squares - 2 * (own @ own.T) <= self.squared_radius
        if self.hashes is not None and self.hashed is not None:
            apart = np.bitwise_count(self.hashes[rows][:, None] ^ self.hashes[rows])
            known = self.hashed[rows]
            alike |= (apart <= MOST_BITS_APART) & known[:, None] & known
        kept: list[int] = []
        for place in range(len(rows)):
            if not alike[place, kept].any():
                kept.append(place)
        return np.array(kept, dtype=np.intp)

    def near(self, rows: ArrayLike) -> NDArray[np.bool_]:
        """Return which of the n images show nearly the same as one of these rows; these are among them."""
        found: NDArray[np.bool_]
        if self.table is not None:
            n = len(self.table)
        elif self.hashes is not None:
            n = len(self.hashes)
        else:
            raise UsageError("Near-duplicates are told by embeddings or by hashes; there are neither.")
        index = as_rows(rows, n, "rows")
        found = np.zeros(n, dtype=bool)
        if self.table is not None:
            found |= squared_distances_to_nearest(self.table, self.table[index]) <= self.squared_radius
        if self.hashes is not None and self.hashed is not None:
            known = index[self.hashed[index]]
            step = max(1, _BLOCK // max(n, 1))
            for start in range(0, len(known), step):
                few = self.hashes[known[start : start + step]]
                apart = np.bitwise_count(self.hashes[:, None] ^ few[None, :])
                found |= (apart <= MOST_BITS_APART).any(axis=1) & self.hashed
        found[index] = True
        return found


def likeness(
    embeddings: ArrayLike | None,
    hashes: ArrayLike | None = None,
    *,
    rng: np.random.Generator,
    hashed: ArrayLike | None = None,
    radius: float = RADIUS,
) -> Likeness:
    """Return what tells near-duplicates: a hash within 2 of 64 bits, or an embedding within `radius`.

    Parameters
    ----------
    embeddings
        (n, d), finite, or None.
    hashes, hashed
        (n,) 64-bit difference hashes (`images.properties.near_duplicate.hash64`) or None; which of them are
        known, by default all.
    rng
        Draws the pairs whose median distance is the unit of `radius`.
    radius
        In median distances of two images of the pool.

    Notes
    -----
    What the radius was taken from, with both built-in embedders kept to 128 numbers: two different photos of
    pets, eyes, blood or cloth were in 99 of 100 cases at least 0.33 away from their nearest neighbour,
    pictures of one fixed camera 0.05 to 0.25; the same photo saved again as JPEG was at most 0.13 away at
    quality 95. Heavier changes (JPEG 60, noise) go farther in embeddings and are told by the hash, which
    stays within 2 bits in 57 to 100 of 100; a photo that is cropped by 4 % or mirrored is not told.

    Examples
    --------
    >>> found = likeness(None, [0, 3, 255], rng=np.random.default_rng(0))
    >>> found.near([0]).tolist()
    [True, True, False]
    """
    table = None if embeddings is None else as_table(embeddings)
    codes = None if hashes is None else np.asarray(hashes, dtype=np.uint64)
    known = None
    if codes is not None:
        known = np.ones(len(codes), dtype=bool) if hashed is None else np.asarray(hashed, dtype=bool)
    lengths = {len(one) for one in (table, codes, known) if one is not None}
    if len(lengths) > 1:
        raise UsageError(
            f"Embeddings and hashes are of the same images; got tables of {sorted(lengths)} rows."
        )
    return Likeness(table, 0.0 if table is None else _median(table, rng) * radius**2, codes, known)


def _median(table: NDArray[np.float32], rng: np.random.Generator) -> float:
    """Return the median squared distance of pairs that are drawn, those of equal embeddings left out."""
    if len(table) < 2:
        return 0.0
    pairs = rng.integers(len(table), size=(2, _PAIRS))
    apart = table[pairs[0]] - table[pairs[1]]
    squared = np.einsum("ij,ij->i", apart, apart)
    return float(np.median(squared[squared > 0])) if squared.any() else 0.0
