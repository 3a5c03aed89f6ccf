"""Combination: one p-value over families of evidence that depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.statistics.tail import tail_log_p_value, tail_p_value

__all__ = ["Combination", "combine"]


@dataclass(frozen=True, slots=True, eq=False)
class Combination:
    """Every family's strength as −log p on its own null.

    `logs` is family → (B + 1,): as observed, then under each permutation.
    """

    logs: Mapping[str, NDArray[np.float64]]

    def p_value(self, *families: str) -> float:
        """Return the p-value of the strongest of these families, all by default, corrected for all.

        The strongest is held against the strongest under each permutation, so it is valid however the
        families depend on each other. Families that are not there count as silent.
        """
        strongest = np.max(list(self.logs.values()), axis=0)
        chosen = [logs[0] for name, logs in self.logs.items() if not families or name in families]
        return float(tail_p_value(max(chosen, default=0.0), strongest[1:]))


def combine(strengths: Mapping[str, tuple[float, NDArray[np.float64]]]) -> Combination:
    """Combine families, each given as its strength and the (B,) strengths under the same B permutations.

    Strengths may be on any scale with an exponential tail; see `tail_log_p_value`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = combine({"a": (0.5, rng.exponential(size=500)), "b": (15.0, rng.exponential(size=500))})
    >>> found.p_value() == found.p_value("b") < 1e-4 < found.p_value("a")
    True
    """
    together = {name: np.append(observed, null) for name, (observed, null) in strengths.items()}
    return Combination({name: -tail_log_p_value(one, one) for name, one in together.items()})
