"""The mix: which share of the images to label is chosen for which reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from driftwheel.errors import UsageError
from driftwheel.selection.chosen import REASONS, Reason

__all__ = ["DEFAULT_MIX", "Mix", "apportion"]


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the images to label, which sum to 1.

    A reason that nothing is known for (no feedback, no drift, a first version) leaves its share to the
    others, in proportion. That of `doubt` goes to `typical` as long as there is no model, and then as much of
    it as the mean doubt of the window: doubts tell little where there is nothing but doubt.

    Attributes
    ----------
    holdout
        Drawn at random, never learnt from. At least a hundredth: without it nothing is measured.
    random
        Drawn at random to learn from: what keeps the mix from being much worse than chance where its other
        reasons mislead.
    feedback, drift, disagreement, doubt, typical
        See `REASONS`.

    Raises
    ------
    UsageError
        For a share below 0, a sum that is not 1, or a holdout below 0.01.
    """

    holdout: float = 0.1
    random: float = 0.1
    feedback: float = 0.1
    drift: float = 0.15
    disagreement: float = 0.1
    doubt: float = 0.4
    typical: float = 0.05

    def __post_init__(self) -> None:
        shares = {field.name: float(getattr(self, field.name)) for field in fields(self)}
        if low := [name for name, share in shares.items() if not share >= 0]:
            raise UsageError(f"The share of {low[0]} is {shares[low[0]]:g}; expected 0 or more.")
        if abs(sum(shares.values()) - 1) > 1e-6:
            raise UsageError(f"The shares sum to {sum(shares.values()):g}; expected 1.")
        if self.holdout < 0.01:
            raise UsageError(
                f"The share of the holdout is {self.holdout:g}; expected at least 0.01, or nothing is "
                f"measured."
            )

    def of(self, reason: Reason) -> float:
        """Return the share of a reason."""
        return float(getattr(self, reason))


DEFAULT_MIX = Mix()


def apportion(
    count: int, mix: Mix, known: Collection[Reason], *, mean_doubt: float = 0.0
) -> dict[Reason, int]:
    """Share out `count` images to learn from over the reasons that something is known for.

    By largest remainders; ties go to the reason that comes first in `REASONS`.

    Parameters
    ----------
    known
        Of `feedback`, `drift`, `disagreement`, `doubt` and `typical`. Without `doubt` its share is that of
        `typical`, if that is known.
    mean_doubt
        Of the window, in [0, 1]: so much of the share of `doubt` goes to `typical`, if that is known.

    Returns
    -------
    Reason → number; sums to `count` unless all known reasons have the share 0, which gives an empty dict.

    Examples
    --------
    >>> apportion(10, DEFAULT_MIX, ("doubt", "typical"))
    {'doubt': 9, 'typical': 1}
    >>> apportion(10, DEFAULT_MIX, ("typical",))
    {'typical': 10}

    A model that doubts nearly everything tells little by its doubts:

    >>> apportion(10, DEFAULT_MIX, ("doubt", "typical"), mean_doubt=0.75)
    {'doubt': 2, 'typical': 8}
    """
    shares = {reason: mix.of(reason) for reason in REASONS if reason in known}
    if "typical" in shares:
        moved = mix.doubt * (mean_doubt if "doubt" in shares else 1.0)
        shares["typical"] += moved
        if "doubt" in shares:
            shares["doubt"] -= moved
    total = sum(shares.values())
    if total <= 0:
        return {}
    exact = {reason: count * share / total for reason, share in shares.items()}
    whole = {reason: int(share + 1e-9) for reason, share in exact.items()}
    order = sorted(exact, key=lambda reason: whole[reason] - exact[reason])
    for reason in order[: count - sum(whole.values())]:
        whole[reason] += 1
    return whole
