"""The methods of the detection benchmark: each gives a p-value corrected for all that it looks at."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, ks_2samp
from sklearn.linear_model import LogisticRegression

import driftwheel.drift
from detection_pool import Sample
from driftwheel.drift.judge import judge
from driftwheel.drift.statistics.mmd import mmd

ALPHA = 0.05
AXES = 32
"""Principal axes of the training images that MMD and the domain classifier of the peers look at."""

MOST_FOR_MMD = 1000
"""Images a side beyond which MMD is left out, as in the published table."""


@dataclass(frozen=True)
class Found:
    """What a method says: its p-value, and for Driftwheel whether the whole verdict alarms."""

    p_value: float
    alarm: bool | None = None


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes of the training images' pixels."""

    centre: NDArray[np.float32]
    axes: NDArray[np.float32]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], most: int = 5000) -> Axes:
        """Fit on at most `most` images."""
        flat = pixels[:most].reshape(min(most, len(pixels)), -1).astype(np.float32) / 255.0
        centre = flat.mean(axis=0)
        flat -= centre
        if flat.shape[1] <= len(flat):
            return cls(centre, np.linalg.eigh(flat.T @ flat).eigenvectors[:, -AXES:])
        axes = flat.T @ np.linalg.eigh(flat @ flat.T).eigenvectors[:, -AXES:]
        return cls(centre, axes / np.linalg.norm(axes, axis=0))

    def place(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n, 32) coordinates."""
        return (pixels.reshape(len(pixels), -1).astype(np.float32) / 255.0 - self.centre) @ self.axes


Method = Callable[[Sample, Sample, Axes, np.random.Generator], Found | None]


def driftwheel_verdict(reference: Sample, current: Sample, _: Axes, rng: np.random.Generator) -> Found:
    """The default verdict on the records: properties, embeddings of the base install and scores."""
    dial = -365.0 * math.log1p(-ALPHA)  # false alarms a year that make α = 0.05 of daily windows
    found = judge(reference.records, current.records, rng=rng, false_alarms_per_year=dial)
    return Found(found.p_value, found.verdict == "drift")


def black_box_shift_detection(reference: Sample, current: Sample, _: Axes, __: np.random.Generator) -> Found:
    """BBSDs: scipy's two-sample Kolmogorov-Smirnov test on each softmax column, Bonferroni."""
    p_values = [
        float(ks_2samp(reference.scores[:, k], current.scores[:, k]).pvalue)
        for k in range(reference.scores.shape[1])
    ]
    return Found(min(1.0, len(p_values) * min(p_values)))


def mmd_on_axes(reference: Sample, current: Sample, axes: Axes, rng: np.random.Generator) -> Found | None:
    """Aggregated Gaussian-kernel MMD on 32 principal axes, 200 permutations."""
    if len(current.pixels) > MOST_FOR_MMD:
        return None
    found = mmd(axes.place(reference.pixels), axes.place(current.pixels), rng=rng, threads=1)
    return Found(1.0 if found.p_value is None else found.p_value)


def classifier_on_axes(reference: Sample, current: Sample, axes: Axes, rng: np.random.Generator) -> Found:
    """Domain classifier: logistic regression on half of the images, binomial test of its hits on the others.

    As published: as many images of each side in both halves, here of a balanced subsample of the reference.
    """
    n = min(len(reference.pixels), len(current.pixels))
    chosen = rng.permutation(len(reference.pixels))[:n]
    table = np.concatenate([axes.place(reference.pixels[chosen]), axes.place(current.pixels[:n])])
    side = np.repeat([0, 1], n)
    fitted_on = np.concatenate([rng.permutation(n) < n // 2, rng.permutation(n) < n // 2])
    spread = table[fitted_on].std(axis=0) + 1e-9
    model = LogisticRegression(C=0.1, max_iter=500).fit(table[fitted_on] / spread, side[fitted_on])
    hits = model.predict(table[~fitted_on] / spread) == side[~fitted_on]
    return Found(float(binomtest(int(hits.sum()), len(hits), 0.5, alternative="greater").pvalue))


METHODS: dict[str, Method] = {
    "Driftwheel": driftwheel_verdict,
    "BBSDs": black_box_shift_detection,
    "MMD on PCA": mmd_on_axes,
    "domain classifier": classifier_on_axes,
}


@cache
def version_of(method: str) -> str:
    """Return a digest of the judge's sources as they were first looked at; empty for the peers."""
    if method != "Driftwheel":
        return ""
    folder = Path(driftwheel.drift.__path__[0])
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))).hexdigest()[
        :10
    ]
