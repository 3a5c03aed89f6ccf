"""The model's scores in words: which predicted classes grew and which shrank."""

from __future__ import annotations

from typing import Protocol

from driftwheel.drift.verdict import ClassShare
from driftwheel.report.numbers import share
from driftwheel.report.printable import shortened

__all__ = ["ClassMix", "changed_classes", "share_moved", "shares_that_moved"]

_CHANCE = 0.05  # with which one of the named classes may be named wrongly


class ClassMix(Protocol):
    """The predicted classes of two samples: those of a `ScoreDrift`, or of what was kept of one."""

    @property
    def classes(self) -> tuple[ClassShare, ...]:
        """The classes whose share is least like chance first."""

    @property
    def n_reference(self) -> int:
        """Images of the reference with scores."""

    @property
    def n_current(self) -> int:
        """Current images with scores."""


def changed_classes(found: ClassMix) -> tuple[ClassShare, ...]:
    """Return the classes whose share changed beyond chance, the largest change first."""
    changed = [one for one in found.classes if one.p_value <= _CHANCE]
    return tuple(sorted(changed, key=lambda one: (-abs(share_moved(found, one)), one.name)))


def share_moved(found: ClassMix, one: ClassShare) -> float:
    """Return by how much the share of a class grew, in [-1, 1]."""
    return one.current / max(found.n_current, 1) - one.reference / max(found.n_reference, 1)


def shares_that_moved(found: ClassMix, most: int, *, letters: int = 16) -> str:
    """Return ``cat 12 % → 30 %, dog 40 % → 25 %``; empty where no class changed beyond chance.

    Of at most so many classes, their names cut to so many letters.
    """
    return ", ".join(
        f"{shortened(one.name, letters)} {share(one.reference / max(found.n_reference, 1))} → "
        f"{share(one.current / max(found.n_current, 1))}"
        for one in changed_classes(found)[:most]
    )
