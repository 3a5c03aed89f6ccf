"""Compare profiles: drift from summaries alone, as a whole or window by window."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from driftwheel.drift.from_profiles import judge_profiles
from driftwheel.drift.rules import check_dial
from driftwheel.drift.verdict import Verdict
from driftwheel.profiles import Profile, ProfileKey, ProfileSet, merge, read_profiles
from driftwheel.services.check.checked_options import checked_seed

__all__ = ["Comparison", "compare_profiles"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: which window and segment of the current profiles it is of, and the verdict."""

    key: ProfileKey
    verdict: Verdict


def compare_profiles(
    reference: ProfileSet | str | os.PathLike[str],
    current: ProfileSet | str | os.PathLike[str],
    *,
    each: bool = False,
    false_alarms_per_year: float = 1.0,
    windows_per_year: float = 365.0,
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Say from profiles alone whether the current images differ from the reference.

    Parameters
    ----------
    reference, current
        Profile sets or files of them. All of the reference is used; where it is split, its windows and
        segments show how much it varies by itself.
    each
        One comparison for every window and segment of `current`, against the same segment of the reference
        where both are split by the same tags; otherwise one for all of it.
    false_alarms_per_year, windows_per_year
        The one dial, and how often such a comparison is made: 0 < false alarms < windows.
    seed
        0 or more, of the replayed windows: the same profiles and seed give the same answer, whichever
        windows are compared.

    Raises
    ------
    UsageError
        For an option that cannot be used.
    IncomparableError
        When the two were made with different modes, embedders or projections.
    ProfileFormatError
        When a file is no profile or is damaged.
    """
    check_dial(false_alarms_per_year, windows_per_year)
    seed = checked_seed(seed)
    left, right = (one if isinstance(one, ProfileSet) else read_profiles(one) for one in (reference, current))
    parts = right.profiles.items() if each else [(ProfileKey(), right.whole())]
    found = []
    for key, profile in parts:
        blocks = _blocks(left, right.by, key)
        verdict = judge_profiles(
            merge(blocks),
            profile,
            blocks=blocks,
            rng=np.random.default_rng(seed),
            false_alarms_per_year=false_alarms_per_year,
            windows_per_year=windows_per_year,
        )
        found.append(Comparison(key, verdict))
    return tuple(found)


def _blocks(reference: ProfileSet, by: tuple[str, ...], key: ProfileKey) -> list[Profile]:
    """Return the reference's profiles of the same segment, or all of them where it has none."""
    if by and reference.by == by and key.segment:
        same = [profile for other, profile in reference.profiles.items() if other.segment == key.segment]
        if same:
            return same
    return list(reference.profiles.values())
