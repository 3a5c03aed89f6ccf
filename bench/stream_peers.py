"""What others would have said of the same day: simple rules that are in use, written out here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp, wasserstein_distance

from driftwheel.records import Records

__all__ = ["PEERS", "peers"]

PEERS = {
    "ks": "KS of each property at 0.05, Bonferroni over the properties of a day",
    "psi": "PSI above 0.1 of any property, 10 bins of the reference",
    "columns": "share of drifted columns ≥ 0.5, each by a normed Wasserstein distance ≥ 0.1 (KS p < 0.05 "
    "where the reference has at most 1,000 rows), as Evidently's preset does by default",
}


def peers(reference: Records, current: Records) -> dict[str, bool]:
    """Return which of `PEERS` alarm on a day."""
    pairs = [
        (before[~np.isnan(before)], now[~np.isnan(now)])
        for before, now in zip(reference.properties.T, current.properties.T, strict=True)
    ]
    pairs = [(before, now) for before, now in pairs if len(before) and len(now) and np.ptp(before) > 0]
    p_values = [float(ks_2samp(before, now, method="asymp").pvalue) for before, now in pairs]
    if len(reference) > 1000:
        drifted = [wasserstein_distance(before, now) / before.std() >= 0.1 for before, now in pairs]
    else:
        drifted = [p < 0.05 for p in p_values]
    return {
        "ks": min(p_values) < 0.05 / len(pairs),
        "psi": any(_psi(before, now) > 0.1 for before, now in pairs),
        "columns": float(np.mean(drifted)) >= 0.5,
    }


def _psi(before: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    edges = np.unique(np.quantile(before, np.linspace(0, 1, 11)[1:-1]))
    a, b = (np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) / len(x) for x in (before, now))
    a, b = np.maximum(a, 1e-4), np.maximum(b, 1e-4)
    return float(np.sum((b - a) * np.log(b / a)))
