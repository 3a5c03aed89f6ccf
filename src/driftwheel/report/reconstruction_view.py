"""What an autoencoder makes of the images, as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.drift.check import Check
from driftwheel.drift.reconstruction import ReconstructionDrift
from driftwheel.report.numbers import NBSP, count, p_statement

__all__ = ["ReconstructionView", "errors_said", "reconstruction_view"]


@dataclass(frozen=True, slots=True)
class ReconstructionView:
    """All texts are plain; `largest`: the pictures are those of the largest errors."""

    drifted: bool
    said: str
    p: str
    n_reference: str
    n_current: str
    largest: bool


def reconstruction_view(check: Check) -> ReconstructionView | None:
    """Return what to show of the reconstruction errors; None where no autoencoder looked."""
    found = check.verdict.reconstruction
    if found is None:
        return None
    return ReconstructionView(
        drifted=found.drifted,
        said=errors_said(found),
        p=p_statement(found.p_value),
        n_reference=count(found.n_reference),
        n_current=count(found.n_current),
        largest=found.effect >= 0,
    )


def errors_said(found: ReconstructionDrift) -> str:
    """Return how the errors moved, in words.

    Examples
    --------
    >>> errors_said(ReconstructionDrift(True, 1e-6, 0.02, 0.01, 100.0, 12.0, 200, 50)).replace(NBSP, " ")
    'errors rose by 100 % (counts from 12 % on)'
    """
    verb = "rose" if found.effect >= 0 else "fell"
    size, line = abs(found.effect), found.threshold
    return f"errors {verb} by {_percent(size)} (counts from {_percent(line)} on)"


def _percent(value: float) -> str:
    return f"{value:.1f}{NBSP}%" if value < 9.95 else f"{value:,.0f}{NBSP}%"
