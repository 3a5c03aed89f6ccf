"""The share of unreadable images: whether more of the current files than of the reference's are damaged."""

from __future__ import annotations

from driftwheel.records import Evidence
from driftwheel.statistics.fisher_exact import fisher_exact

__all__ = ["LEAST_SHARE", "unreadable_share"]

LEAST_SHARE = 0.1
"""A smaller share of unreadable current images than this, beyond the reference's, is told but no drift."""


def unreadable_share(unreadable: int, read: int, unreadable_reference: int, read_reference: int) -> Evidence:
    """Return how far the share of current images that cannot be read exceeds the reference's.

    Exact for any number of images (Fisher's test, one-sided: fewer unreadable ones are no drift). The
    statistic and effect are the difference of the shares, −1…1.

    Examples
    --------
    >>> found = unreadable_share(40, 160, 0, 500)
    >>> round(found.effect, 2), found.p_value < 1e-20
    (0.2, True)
    """
    total, reference = unreadable + read, unreadable_reference + read_reference
    excess = unreadable / max(1, total) - unreadable_reference / max(1, reference)
    p_value = fisher_exact(unreadable, total, unreadable_reference, reference)
    return Evidence("unreadable_share", excess, p_value, excess, reference, total)
