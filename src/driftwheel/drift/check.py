"""Check: a verdict together with everything it was drawn from, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from driftwheel.drift.verdict import Verdict
from driftwheel.images.exhibits import Exhibits
from driftwheel.records import Records

__all__ = ["Check"]


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One comparison of current images with a reference.

    Attributes
    ----------
    verdict
        What it amounts to.
    reference, current
        The measured images, one row an image.
    exhibits
        The pictures to show, or None when none were kept.
    reference_name, current_name
        What the two sides are called: usually the folders they came from.
    seconds
        Wall-clock time the check took.
    """

    verdict: Verdict
    reference: Records = field(repr=False)
    current: Records = field(repr=False)
    exhibits: Exhibits | None = field(repr=False)
    reference_name: str
    current_name: str
    seconds: float
