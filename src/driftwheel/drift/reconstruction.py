"""Reconstruction drift: whether a network that learnt to show the reference shows current images as well.

An autoencoder squeezes an image through a few numbers and shows it again. It can only do that for images like
those it was trained on; for others its error rises. Errors also *fall*, when images lose what is hard to
show: detail, contrast, all content. Both are drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from driftwheel.drift.replays.replay import LEAST_BLOCKS, replay_weights
from driftwheel.drift.rules import EFFECT_FLOOR_SIGMAS, images_needed
from driftwheel.drift.statistics.tail import LEAST_P_VALUE, tail_p_value
from driftwheel.errors import UsageError

__all__ = ["ReconstructionDrift", "reconstruction_drift"]

PERMUTATIONS = 8000
"""So many that ten of them lie beyond the line of the default dial, and no fitted tail decides."""

REPLAYS = 400

_AT_ONCE = 2000  # permutations drawn together, which bounds memory
_TAIL = 1000  # the largest permutations, to which a tail is fitted


@dataclass(frozen=True, slots=True)
class ReconstructionDrift:
    """The reconstruction errors of current images against those of held-out reference images.

    Attributes
    ----------
    drifted
        Beyond chance, and large enough.
    p_value
        Two-sided; 1 when there are too few images.
    statistic, baseline
        Mean error of the current, and of the held-out reference images, in nats a pixel.
    effect
        Per cent that `statistic` lies above `baseline`; negative where errors fell.
    threshold
        Per cent that the effect must reach, in the direction it has.
    n_reference, n_current
        Images that were compared; the reference's are those held out from training.
    images_needed
        How many more are needed on the smaller side; 0 when there were enough.
    autoencoder
        Identity of the network whose errors these are; empty when it was not told.
    low, high
        Per cent above the baseline between which an effect does not count; NaN when there are too few images.
    """

    drifted: bool
    p_value: float
    statistic: float
    baseline: float
    effect: float
    threshold: float
    n_reference: int
    n_current: int
    images_needed: int = 0
    autoencoder: str = ""
    low: float = float("nan")
    high: float = float("nan")


def reconstruction_drift(
    held_out: ArrayLike,
    current: ArrayLike,
    *,
    rng: np.random.Generator,
    alpha: float,
    blocks: NDArray[np.intp] | None = None,
) -> ReconstructionDrift:
    """Compare the mean reconstruction error of a window with that of held-out reference images.

    The test permutes which of the pooled images are called current and looks at the difference of the means:
    exact for any distribution of errors as long as held-out and current images are exchangeable without
    change. Errors of images that were trained on are smaller than those of any others and must not be given.
    The mean is what the effect is stated in, and unlike ranks it sees a few images with large errors among
    many good ones. p-values below 0.0025 come from a tail fitted to the
    largest of 8,000 permutations, see `tail.tail_log_p_value`.

    The effect counts from the larger of two lines on: a tenth of the standard deviation of the held-out
    errors, and what windows of this size drawn from the held-out images themselves stay within with
    probability 1 − `alpha` (normal on the log scale, whole `blocks` at a time).

    Parameters
    ----------
    held_out
        (n,) errors of reference images that the network did not learn from, finite, 0 or more, not all 0.
    current
        (m,) errors of the window.
    alpha
        The p-value at or below which there may be drift, in (0, 1).
    blocks
        (n,) numbers of camera and hour of the held-out images, where known; not all numbers need occur.

    Returns
    -------
    ReconstructionDrift
        Meant for 20 images a side or more; below that nothing is tested.

    Raises
    ------
    UsageError
        For errors that are not one column of finite numbers from 0 on, or a reference without any error.

    Notes
    -----
    Source: Japkowicz, Myers and Gluck, "A novelty detection approach to classification", IJCAI 1995
    (reconstruction error as the measure of novelty); Pitman, "Significance tests which may be applied to
    samples from any populations", Supplement to the Journal of the Royal Statistical Society 4 (1937) (the
    permutation of means).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> usual, worse = rng.gamma(9.0, 0.01, 500), rng.gamma(9.0, 0.02, 400)
    >>> found = reconstruction_drift(usual, worse, rng=rng, alpha=0.01)
    >>> found.drifted, round(found.effect, -2)
    (True, 100.0)
    """
    reference, window = _errors(held_out, "held_out"), _errors(current, "current")
    n, m = len(reference), len(window)
    missing = images_needed(n, m)
    baseline = float(reference.mean()) if n else float("nan")
    if baseline == 0:
        raise UsageError("All errors of `held_out` are 0: nothing can be so and so many per cent above that.")
    statistic = float(window.mean()) if m else float("nan")
    effect = 100 * (statistic / baseline - 1)
    if missing:
        return ReconstructionDrift(
            False, 1.0, statistic, baseline, effect, float("nan"), n, m, images_needed=missing
        )
    p_value = _p_value(reference, window, rng)
    reach = float(-ndtri(alpha / 2)) * _spread(reference, m, rng, blocks)
    floor = 100 * EFFECT_FLOOR_SIGMAS * float(reference.std()) / baseline
    low, high = -max(-100 * float(np.expm1(-reach)), floor), max(100 * float(np.expm1(reach)), floor)
    threshold = high if effect >= 0 else -low
    drifted = p_value <= alpha and abs(effect) >= threshold
    return ReconstructionDrift(
        drifted, p_value, statistic, baseline, effect, threshold, n, m, low=low, high=high
    )


def _p_value(reference: NDArray[np.float64], window: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Twice the smaller one-sided p-value of the difference of means, over permutations."""
    pooled = np.concatenate([reference, window])
    pooled = pooled - pooled.mean()
    if pooled.std() == 0:
        return 1.0
    few, sign = (window, 1) if len(window) <= len(reference) else (reference, -1)  # the other side mirrors it
    observed = sign * float(few.sum() - len(few) * (reference.sum() + window.sum()) / len(pooled))
    null = sign * np.concatenate(
        [_permuted_sums(pooled, len(few), _AT_ONCE, rng) for _ in range(PERMUTATIONS // _AT_ONCE)]
    )
    return min(1.0, 2 * min(_one_sided(observed, null), _one_sided(-observed, -null)))


def _permuted_sums(
    values: NDArray[np.float64], size: int, count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return (count,) sums of `size` values each, drawn without replacement: Floyd's algorithm.

    Its cost is that of what is drawn, not of what is drawn from.
    """
    rows = np.arange(count)
    taken = np.zeros((count, len(values)), dtype=np.bool_)
    sums = np.zeros(count)
    for last in range(len(values) - size, len(values)):
        drawn = rng.integers(last + 1, size=count)
        drawn = np.where(taken[rows, drawn], last, drawn)
        taken[rows, drawn] = True
        sums += values[drawn]
    return sums


def _one_sided(observed: float, null: NDArray[np.float64]) -> float:
    """Chance of a sum at least as large: counted where ten permutations reach it, else by a fitted tail."""
    reaching = int(np.count_nonzero(null >= observed))
    if reaching >= _TAIL:
        return (1 + reaching) / (1 + len(null))
    largest = np.partition(null, -_TAIL)[-_TAIL:]
    # squared with its sign, a sum has the exponential tail that is fitted
    p_value = float(tail_p_value(observed * abs(observed), largest * np.abs(largest)))
    return max(p_value * (1 + _TAIL) / (1 + len(null)), LEAST_P_VALUE)


def _spread(
    reference: NDArray[np.float64], size: int, rng: np.random.Generator, blocks: NDArray[np.intp] | None
) -> float:
    """Standard deviation of the logarithm of a window's mean over that of a reference, without change.

    That of single images, or of blocks where they vary together; too few blocks tell nothing.
    """
    n = len(reference)
    single = float(reference.std() / reference.mean() * np.sqrt(1 / size + 1 / n))
    if blocks is None:
        return single
    names, numbers = np.unique(blocks, return_inverse=True)
    if len(names) < LEAST_BLOCKS:
        return single
    windows, references = (
        replay_weights(n, images, REPLAYS, rng, numbers.reshape(-1)) @ reference for images in (size, n)
    )
    return max(single, float(np.log(windows / references).std(ddof=1)))


def _errors(values: ArrayLike, name: str) -> NDArray[np.float64]:
    errors = np.asarray(values, dtype=np.float64)
    if errors.ndim != 1 or not np.isfinite(errors).all() or (errors < 0).any():
        raise UsageError(
            f"`{name}` must be one column of reconstruction errors, finite and 0 or more; it has shape "
            f"{errors.shape}."
        )
    return errors
