"""How many labelled images it takes to show that a challenger is better, or not worse by a margin."""

from __future__ import annotations

import math

from scipy.special import ndtri

from driftwheel.errors import UsageError

__all__ = ["MOST_LABELS", "labels_to_show"]

MOST_LABELS = 1_000_000
"""What takes more cannot be shown."""


def labels_to_show(
    difference: float, discordant: float, *, margin: float = 0.0, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Return how many images, labelled, show with chance `power` what is so; None where no number does.

    Parameters
    ----------
    difference
        By how much the challenger is more often right in truth, −1…1.
    discordant
        Share of images on which one of the two versions alone is right, at least ``abs(difference)``.
    margin
        0: that it is better is to be shown. Above: that it is not worse by so much.
    alpha
        Of the one-sided test.

    Raises
    ------
    UsageError
        For values out of range.

    Notes
    -----
    R. J. Connor, "Sample size for testing differences in proportions for the paired-sample design",
    Biometrics 43, 1987; with a margin, the same with the difference moved by it. One tenth is added: the
    exact test and a share of images that tell the two apart that is itself estimated want some more.

    Examples
    --------
    A challenger that repairs a third of all images, and loses one in fifty:

    >>> labels_to_show(0.30, 0.34)
    24
    >>> labels_to_show(0.0, 0.06, margin=0.02)
    1021
    """
    if not -1 <= difference <= 1 or not abs(difference) <= discordant <= 1:
        raise UsageError(
            f"A difference of {difference:g} with {discordant:g} of the images telling the versions apart "
            "cannot be; the share is at least the difference, and both are at most 1."
        )
    if not 0 <= margin < 1 or not 0 < alpha < 0.5 or not 0.5 <= power < 1:
        raise UsageError(
            f"A margin of {margin:g}, an error of {alpha:g} and a power of {power:g} cannot be; give 0 to 1, "
            "0 to 0.5, and 0.5 to 1."
        )
    moved = difference + margin
    if moved <= 0:
        return None
    apart = max(discordant, moved * moved, 1e-6)
    spread = math.sqrt(max(apart - difference * difference, 1e-9))
    error, chance = -float(ndtri(alpha)), float(ndtri(power))
    if margin:
        n = ((error * math.sqrt(max(spread**2, margin * (1 - margin))) + chance * spread) / moved) ** 2
    else:
        n = ((error * math.sqrt(apart) + chance * spread) / moved) ** 2
        least = math.ceil(math.log(alpha) / math.log(0.5)) / apart  # of an exact test that rejects at all
        n = max(n, least)
    needed = math.ceil(1.1 * n)
    return needed if needed <= MOST_LABELS else None
