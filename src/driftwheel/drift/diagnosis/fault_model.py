"""The fault model: where each camera fault carries the mean of a window of images, and how sure that is.

In features whitened by the variation among images that have the same fault, the mean of a window of n images,
a share π of which has fault k, is taken as normal with

- mean π·μ(k), where μ(k) is the mean shift, from simulated images paired with the same images without it;
- covariance (π·Σ(k) + (1 − π)·Σ(0) + π(1 − π)·μ(k)μ(k)ᵀ) / n, for the images that happened to be
  in the window;
- plus π²·D(k) for what the library does not know of the fault: its own sample, how cameras with the same
  fault differ, severities between two grades, and that no simulated fault is quite the real one;
- plus D(0) for what may differ without any fault: how images were stored, and traces too small to matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultCase, FaultLibrary

__all__ = [
    "LARGEST_WINDOW",
    "SHARES",
    "FaultModel",
    "WindowFit",
    "fit_fault_model",
    "fit_window",
    "most_explained",
    "window_covariance",
]

SHARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Shares of affected images that are tried."""

LARGEST_WINDOW = 200
"""A larger window counts as one of so many images: finer differences are not taken for camera faults."""

_FLOOR = 0.1  # least deviation within a case, in reference deviations: finer differences are not believed
_TRACE = 0.04  # reference deviations by which the mean of a window may differ for no reason worth a name
_UNLIKE = 0.05  # of its shift: how far a real fault is from the simulated one
_SCALES = (0.3, 1.0)  # the deviation of a feature that those two are relative to lies between
_RIDGE = 0.05  # added to a case's whitened covariance
_OFF_DIAGONAL = 0.5  # kept of a case's own whitened covariances, which rest on few images
_CAMERAS = 1.5  # on the variance found between few simulated cameras
_BETWEEN_GRADES = 0.06  # of the squared step to the next grade: severities between two grades


@dataclass(frozen=True, slots=True, eq=False)
class FaultModel:
    """What is known of every case, in k cases and d whitened features.

    Attributes
    ----------
    cases
        As in the library.
    origin, whitening
        (d,) and (d, d): a feature row x becomes (x − origin) @ whitening.
    shift
        (k, d) mean shift of an affected image, from the library's paired images.
    spread
        (k, d, d) covariance among images with the fault.
    doubt
        (k, d, d) covariance of `shift` as a prediction for another camera.
    usual_spread, usual_doubt
        (d, d) the same for images without a fault.
    """

    cases: tuple[FaultCase, ...]
    origin: NDArray[np.float64]
    whitening: NDArray[np.float64]
    shift: NDArray[np.float64]
    spread: NDArray[np.float64]
    doubt: NDArray[np.float64]
    usual_spread: NDArray[np.float64]
    usual_doubt: NDArray[np.float64]

    def only(self, k: int) -> FaultModel:
        """Return the model of case number `k` alone."""
        rows = slice(k, k + 1)
        return replace(
            self,
            cases=self.cases[rows],
            shift=self.shift[rows],
            spread=self.spread[rows],
            doubt=self.doubt[rows],
        )

    def whiten(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, d) whitened rows of (n, d) features."""
        return np.asarray((features - self.origin) @ self.whitening)


@dataclass(frozen=True, slots=True, eq=False)
class WindowFit:
    """How well each of the k cases explains the mean of one window.

    Attributes
    ----------
    log_likelihood
        (k,) at the best share, minus that of a window without any fault.
    share
        (k,) the best of `SHARES`.
    misfit
        (k,) squared distance of the window's mean from the prediction, in units of its covariance and per
        dimension: about 1 or less when the case is right.
    explained
        (k,) share of the squared whitened shift that the prediction accounts for, at most 1.
    """

    log_likelihood: NDArray[np.float64]
    share: NDArray[np.float64]
    misfit: NDArray[np.float64]
    explained: NDArray[np.float64]


def fit_fault_model(
    library: FaultLibrary,
    reference: NDArray[np.float64],
    faulty: NDArray[np.float64],
    clean: NDArray[np.float64],
    stored: NDArray[np.float64],
) -> FaultModel:
    """Fit the model.

    Parameters
    ----------
    library
        Says which row of `faulty` is which case, image and camera.
    reference
        (n, d) features of the whole reference.
    faulty, clean
        (N, d) and (m, d) features of the library's images.
    stored
        (d,) what storing an image again does to its features, on average: a nuisance, not a fault.
    """
    origin = reference.mean(axis=0)
    rows = [np.flatnonzero(library.case == k) for k in range(len(library.cases))]
    shifts = np.array([_mean(faulty[r], clean[library.base[r]], origin) for r in rows]) - origin
    pooled = sum((_scatter(faulty[r]) for r in rows), np.zeros((len(origin), len(origin))))
    pooled /= max(1, sum(len(r) - 1 for r in rows))
    usual = _scatter(reference) / max(1, len(reference) - 1)
    scale = np.clip(np.sqrt(np.diag(usual)), *_SCALES)
    fixed = np.diag((_FLOOR * scale) ** 2) + np.outer(stored, stored)
    whitening = _whitening(0.5 * (pooled + usual), len(reference) + len(clean), fixed)
    shift = shifts @ whitening
    white, white_clean = (faulty - origin) @ whitening, (clean - origin) @ whitening
    usual_spread = _spread((reference - origin) @ whitening)
    kept = stored @ whitening
    usual_doubt = usual_spread / len(reference) + np.outer(kept, kept)
    usual_doubt += (whitening.T * (_TRACE * scale) ** 2) @ whitening
    spread, doubt = np.empty((2, len(rows), len(origin), len(origin)))
    for k, r in enumerate(rows):
        spread[k] = _spread(white[r])
        moved = white[r] - white_clean[library.base[r]]
        cameras, variance = _between_cameras(moved, library.camera[r])
        doubt[k] = spread[k] / len(r) + np.diag(_CAMERAS * variance * (1 + 1 / cameras))
        doubt[k] += (whitening.T * (_UNLIKE * shifts[k]) ** 2) @ whitening
        for near in _neighbours(library.cases, k):
            doubt[k] += _BETWEEN_GRADES * np.outer(shift[near] - shift[k], shift[near] - shift[k])
    return FaultModel(library.cases, origin, whitening, shift, spread, doubt, usual_spread, usual_doubt)


def fit_window(model: FaultModel, white: NDArray[np.float64]) -> WindowFit:
    """Return how well each case explains a window of (n, d) whitened rows, n ≥ 1."""
    n, d = min(len(white), LARGEST_WINDOW), white.shape[1]
    mean = white.mean(axis=0)
    between = model.shift[:, :, None] * model.shift[:, None, :]
    fits = [
        _likelihood(mean - share * model.shift, window_covariance(model, n, share, between))
        for share in SHARES
    ]
    log_likelihoods = np.array([fit[0] for fit in fits])
    best = log_likelihoods.argmax(axis=0)
    k = np.arange(len(model.cases))
    share = np.asarray(SHARES)[best]
    left = ((mean - share[:, None] * model.shift) ** 2).sum(axis=1)
    usual = _likelihood(mean[None], (model.usual_spread / n + model.usual_doubt)[None])
    return WindowFit(
        log_likelihood=log_likelihoods[best, k] - usual[0][0],
        share=share,
        misfit=np.array([fit[1] for fit in fits])[best, k] / d,
        explained=1 - left / max(float(mean @ mean), 1e-12),
    )


def most_explained(model: FaultModel, white: NDArray[np.float64]) -> float:
    """Return the largest share of a window's squared shift that one case can account for, at most 1."""
    mean = white.mean(axis=0)
    square = (model.shift**2).sum(axis=1)
    share = np.clip(model.shift @ mean / np.maximum(square, 1e-12), 0, 1)
    left = ((mean - share[:, None] * model.shift) ** 2).sum(axis=1)
    return float(1 - left.min() / max(float(mean @ mean), 1e-12))


def window_covariance(
    model: FaultModel, size: int, share: float, between: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return (k, d, d): the covariance of the mean of `size` images, a `share` of which has the fault.

    A `size` above `LARGEST_WINDOW` counts as that. `between` may hand over the (k, d, d) outer products of
    the shifts, when they are needed many times.
    """
    if between is None:
        between = model.shift[:, :, None] * model.shift[:, None, :]
    size = min(size, LARGEST_WINDOW)
    covariance = (share / size) * model.spread
    covariance += (share * (1 - share) / size) * between
    covariance += share**2 * model.doubt
    covariance += (1 - share) / size * model.usual_spread + model.usual_doubt
    return covariance


def _likelihood(
    residual: NDArray[np.float64], covariance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (k,) normal log-likelihoods, up to one constant, and squared distances of (k, d) residuals."""
    root = np.linalg.cholesky(covariance)
    distance = (np.linalg.solve(root, residual[..., None])[..., 0] ** 2).sum(axis=1)
    return -0.5 * distance - np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1), distance


def _spread(white: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (d, d) covariance of whitened rows, shrunk: they are few."""
    own = _scatter(white) / max(1, len(white) - 1)
    shrunk = _OFF_DIAGONAL * own
    np.fill_diagonal(shrunk, np.diag(own) + _RIDGE)
    return shrunk


def _mean(
    faulty: NDArray[np.float64], paired: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean of faulty images over the reference, moved there by regression on the clean pairs."""
    centred = paired - paired.mean(axis=0)
    slope = ((faulty - faulty.mean(axis=0)) * centred).sum(axis=0) / ((centred**2).sum(axis=0) + 1e-9)
    return np.asarray(faulty.mean(axis=0) + np.clip(slope, 0, 1) * (target - paired.mean(axis=0)))


def _scatter(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred.T @ centred)


def _whitening(
    covariance: NDArray[np.float64], images: int, fixed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (d, d) map that whitens `covariance`, shrunk where images are few, plus `fixed`."""
    d = len(covariance)
    kept = 1 - max(0.05, d / (d + 4 * images))
    shrunk = kept * covariance + (1 - kept) * np.diag(np.diag(covariance))
    values, vectors = np.linalg.eigh(shrunk + fixed)
    return np.asarray(vectors / np.sqrt(values))


def _between_cameras(moved: NDArray[np.float64], camera: NDArray[np.intp]) -> tuple[int, NDArray[np.float64]]:
    """Return the number of cameras and the (d,) variance between them, by one-way analysis of variance."""
    numbers = np.unique(camera)
    groups = [moved[camera == c] for c in numbers]
    within = [g.var(axis=0, ddof=1) for g in groups if len(g) > 1]
    if len(groups) < 2 or not within:
        return max(1, len(groups)), np.zeros(moved.shape[1])
    means = np.array([g.mean(axis=0) for g in groups])
    size = len(moved) / len(groups)
    return len(groups), np.maximum(0.0, means.var(axis=0, ddof=1) - np.mean(within, axis=0) / size)


def _neighbours(cases: tuple[FaultCase, ...], k: int) -> list[int]:
    """Return the cases of the same fault and variant, one grade milder or graver."""
    one = cases[k]
    if one.severity is None:
        return []
    return [
        j
        for j, other in enumerate(cases)
        if (other.fault, other.variant) == (one.fault, one.variant)
        and other.severity is not None
        and abs(other.severity - one.severity) == 1
    ]
