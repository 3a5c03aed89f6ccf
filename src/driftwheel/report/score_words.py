"""The model's scores in words: which predicted classes grew and which shrank."""

from __future__ import annotations

from driftwheel.drift.verdict import ClassShare, ScoreDrift
from driftwheel.report.numbers import share
from driftwheel.report.printable import shortened

__all__ = ["changed_classes", "share_moved", "shares_that_moved"]

_CHANCE = 0.05  # with which one of the named classes may be named wrongly


def changed_classes(found: ScoreDrift) -> tuple[ClassShare, ...]:
    """Return the classes whose share changed beyond chance, the largest change first."""
    changed = [one for one in found.classes if one.p_value <= _CHANCE]
    return tuple(sorted(changed, key=lambda one: (-abs(share_moved(found, one)), one.name)))


def share_moved(found: ScoreDrift, one: ClassShare) -> float:
    """Return by how much the share of a class grew, in [-1, 1]."""
    return one.current / max(found.n_current, 1) - one.reference / max(found.n_reference, 1)


def shares_that_moved(found: ScoreDrift, most: int) -> str:
    """Return ``cat 12 % → 30 %, dog 40 % → 25 %``; empty where no class changed beyond chance."""
    return ", ".join(
        f"{shortened(one.name, 16)} {share(one.reference / max(found.n_reference, 1))} → "
        f"{share(one.current / max(found.n_current, 1))}"
        for one in changed_classes(found)[:most]
    )
