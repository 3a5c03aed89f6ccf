"""Join two looks at the same images: the judge's verdict, and the errors of an autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from driftwheel.drift.reconstruction import ReconstructionDrift
from driftwheel.drift.verdict import Verdict

__all__ = ["LOOKS", "join_reconstruction"]

LOOKS = 2
"""Each look may use up this part of the false alarms: one half."""

_EXEMPLARS = 100


def join_reconstruction(
    verdict: Verdict,
    found: ReconstructionDrift,
    exemplars: Sequence[str],
    *,
    false_alarms_per_year: float,
) -> Verdict:
    """Return the verdict of both looks.

    The p-value is twice the smaller one (Bonferroni) and alpha twice that of each, so that either look finds
    p at alpha where both together do; there is drift where either look found it. Where only the autoencoder
    did, the kind is ``unknown`` and the images that show it are its own. Where it had too few images to look
    at, its half stays unused.

    Parameters
    ----------
    verdict, found
        Each reached at half of the false alarms, see `LOOKS`: the two are not permuted together, since the
        autoencoder is compared with the images that were held out from its training alone.
    exemplars
        Names of the current images that show the change in errors best.
    false_alarms_per_year
        Of both together.
    """
    joined = replace(
        verdict,
        alpha=LOOKS * verdict.alpha,
        false_alarms_per_year=false_alarms_per_year,
        p_value=min(1.0, LOOKS * verdict.p_value),
    )
    if verdict.verdict == "insufficient" or found.images_needed:
        return joined
    p_value = min(joined.p_value, LOOKS * found.p_value)
    joined = replace(joined, reconstruction=found, p_value=p_value)
    if found.drifted and (verdict.verdict == "no_drift" or verdict.kind == "unreadable"):
        return replace(joined, verdict="drift", kind="unknown", exemplars=tuple(exemplars[:_EXEMPLARS]))
    return joined
