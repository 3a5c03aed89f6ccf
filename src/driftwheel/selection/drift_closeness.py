"""Closeness to drift: how much nearer to the images that carry the evidence than to the reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError
from driftwheel.selection.embedding_table import squared_distances_to_nearest

__all__ = ["drift_closeness"]


def drift_closeness(embeddings: ArrayLike, evidence: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Return (n,) numbers in [0, 1]: 1 for an image that carries the evidence, 0 for one like the reference.

    Parameters
    ----------
    embeddings
        (n, d) of the images to choose from.
    evidence
        (e, d), e ≥ 1, of the images that show the change best (`drift.exemplars`).
    reference
        (r, d), r ≥ 1, of images of the reference; a thousand of them are enough.

    Returns
    -------
    (r − e) / (r + e) of the distances r and e to the nearest of the reference and of the evidence, and 0
    where the reference is nearer.

    Raises
    ------
    UsageError
        For tables of different widths, without rows, or with values that are not finite.

    Notes
    -----
    Where a domain classifier ran (`drift.domain_classifier`), its scores of the current images, which are in
    standard deviations of the reference's, can stand for these numbers: only their order, and what is not
    above 0, matters to `select`.

    Examples
    --------
    >>> drift_closeness([[0.0], [6.0], [9.0], [10.0]], [[10.0]], [[0.0]]).round(3).tolist()
    [0.0, 0.2, 0.8, 1.0]
    """
    tables = []
    for name, values in (("embeddings", embeddings), ("evidence", evidence), ("reference", reference)):
        table = np.asarray(values, dtype=np.float32)
        least = 0 if name == "embeddings" else 1
        if table.ndim != 2 or len(table) < least or not np.isfinite(table).all():
            raise UsageError(
                f"`{name}` has shape {table.shape}; expected finite numbers, (images, dimensions), of at "
                f"least {least} image."
            )
        tables.append(table)
    if len({table.shape[1] for table in tables}) > 1:
        widths = ", ".join(str(table.shape[1]) for table in tables)
        raise UsageError(
            f"Embeddings, evidence and reference have {widths} dimensions; embed all with the same embedder."
        )
    centre = tables[2].mean(axis=0, dtype=np.float64)
    points, shown, usual = (np.asarray(table - centre, dtype=np.float32) for table in tables)
    near = np.sqrt(squared_distances_to_nearest(points, shown).astype(np.float64))
    far = np.sqrt(squared_distances_to_nearest(points, usual).astype(np.float64))
    total = near + far
    closeness = np.divide(far - near, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(np.maximum(closeness, 0.0), dtype=np.float64)
