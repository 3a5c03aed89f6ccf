"""Candidates: the images of a window that may be labelled, and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["Candidates"]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """A table of images, one row an image, with those that are labelled already.

    The table is the whole window (or the whole pool): accuracy is measured over it. Leaving out what looks
    dull, or what has a label, would make measurements of the rest.

    Attributes
    ----------
    images
        n names, each once: the digests of the stored files.
    labelled
        (n,) bool: has a label or waits for one. Not chosen again.
    embeddings
        (n, d) finite numbers of one embedder, or None: then choices are by worth alone, and near-duplicates
        are told by hashes alone.
    hashes, hashed
        (n,) 64-bit difference hashes, and where they are known (None: everywhere); None when there are none.
    doubt
        (n,) from `margin`, `entropy`, `least_confidence` or `box_doubt`; NaN where not known. None: there is
        no model yet.
    feedback
        (n,) from `feedback_closeness`.
    drift
        (n,) from `drift_closeness`, or a domain classifier's scores.
    disagreement
        (n,) from `disagreement` or `box_disagreement`.
    groups
        n names of what must stay together in the holdout, in place of the images; None: each for itself.
        Accuracy then stays unbiased, but its interval, which takes each image for itself, is too narrow.
    elsewhere
        (n,) bool: labelled images of other windows, which are here only so that nothing like them is chosen.
        Nothing is measured on them. None: all are of the window.

    Of doubt, feedback, drift and disagreement a higher number is worth more, and what is not above 0, or NaN,
    is not chosen for that reason.

    Raises
    ------
    UsageError
        When a column does not have n rows, an image is there twice, one from elsewhere has no label, or
        embeddings are not finite.
    """

    images: Sequence[str]
    labelled: NDArray[np.bool_]
    embeddings: NDArray[np.floating] | None = None
    hashes: NDArray[np.uint64] | None = None
    hashed: NDArray[np.bool_] | None = None
    doubt: NDArray[np.floating] | None = None
    feedback: NDArray[np.floating] | None = None
    drift: NDArray[np.floating] | None = None
    disagreement: NDArray[np.floating] | None = None
    groups: Sequence[str] | None = None
    elsewhere: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        n = len(self.images)
        for column in fields(self):
            values = getattr(self, column.name)
            if values is not None and len(values) != n:
                raise UsageError(f"`{column.name}` has {len(values)} rows for {n} images.")
        if len(set(self.images)) < n:
            raise UsageError(
                f"{n - len(set(self.images))} of {n} images are there twice; give each once, whatever the "
                f"number of its records."
            )
        if self.elsewhere is not None and (self.elsewhere & ~self.labelled).any():
            raise UsageError("Some images from elsewhere have no label; leave those out.")
        if self.embeddings is not None and not np.isfinite(self.embeddings).all():
            raise UsageError("Some embeddings hold values that are not finite; embed those images again.")

    def __len__(self) -> int:
        return len(self.images)
