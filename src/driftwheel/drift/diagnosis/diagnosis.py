"""Diagnosis: which camera fault carries the reference to where production now is, or that none does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftwheel.drift.diagnosis.fault_library import FaultCase, FaultLibrary
from driftwheel.drift.verdict import FaultFinding, Kind
from driftwheel.records import Records

__all__ = ["Candidate", "Diagnosis", "diagnose"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """How one fault, at its best grade and variant, explains the window.

    Attributes
    ----------
    case
        The best case of the fault.
    log_likelihood
        Of the window's mean, minus that of a window without fault.
    misfit, limit
        What remains unexplained, and how much may by chance: with all features, then with properties
        alone. Empty where it was not looked at.
    explained
        Share of the squared shift that the fault accounts for, at most 1.
    """

    case: FaultCase
    log_likelihood: float
    misfit: tuple[float, ...]
    limit: tuple[float, ...]
    explained: float

    @property
    def fits(self) -> bool:
        """Whether it was looked at, and nothing remains that chance would not leave."""
        return bool(self.misfit) and all(
            misfit <= limit for misfit, limit in zip(self.misfit, self.limit, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """What probably happened to the camera.

    Attributes
    ----------
    findings
        Faults that explain the change, the best first; empty when none of the known faults does.
    kind
        ``appearance``: a fault explains the change. ``mixed``: a fault does, together with another mix of
        content. ``content``: another mix of content explains it, or it is not what faults do (see
        `fault_kind`). ``unknown``: it may be a fault that is not in the list.
    variant
        Of the first finding: the hue of a cast, the sense of a rotation; an empty string without.
    candidates
        Every known fault, the likeliest first.
    affected
        Names of the current images that have the first finding, the clearest first.
    """

    findings: tuple[FaultFinding, ...]
    kind: Kind
    variant: str
    candidates: tuple[Candidate, ...]
    affected: tuple[str, ...]


def diagnose(
    library: FaultLibrary, reference: Records, current: Records, *, rng: np.random.Generator
) -> Diagnosis:
    """Name the camera fault that explains how `current` differs from `reference`, if a known one does.

    Meant for windows of 50 images or more that were found to have drifted, a reference of 100 or more, and a
    library of 60 images or more; it runs from 2 images on. Windows of 50 with a fault on every image are
    named rightly in about 97 % (see the benchmark).

    Raises
    ------
    IncomparableError
        When library, reference and current were measured with different properties, modes or embedders.
    """
    from driftwheel.drift.diagnosis.diagnoser import Diagnoser

    return Diagnoser.fit(library, reference).diagnose(current, rng=rng)
