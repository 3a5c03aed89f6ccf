"""Merge profiles: many files into one, side by side, or into coarser windows and segments."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from driftwheel.errors import UsageError
from driftwheel.profiles import ProfileSet, merge_sets, read_profiles, regroup
from driftwheel.profiles.window import Window
from driftwheel.services.check.checked_options import checked_tags

__all__ = ["KEEP", "Keep", "merge_profiles"]


class Keep:
    """The split as it is in the files."""


KEEP = Keep()


def merge_profiles(
    profiles: Iterable[ProfileSet | str | os.PathLike[str]],
    *,
    window: Window | Keep | None = KEEP,
    by: str | Sequence[str] | Keep = KEEP,
) -> ProfileSet:
    """Merge profile sets or files of them; the order does not matter.

    Parameters
    ----------
    window
        Join windows to these first; None puts all times together.
    by
        Keep the split by these tags only (a text is one tag); an empty list puts all segments together.

    Raises
    ------
    UsageError
        Without any profile, or for a tag that a file is not split by.
    IncomparableError
        When the files were made or split differently, or a finer split is asked for than they hold.
    ProfileFormatError
        When a file is no profile or is damaged.
    """
    sets = [one if isinstance(one, ProfileSet) else read_profiles(one) for one in profiles]
    if not sets:
        raise UsageError("There is no profile to merge; give at least one.")
    tags = by if isinstance(by, Keep) else checked_tags(by)
    return merge_sets(
        regroup(
            one,
            window=one.window if isinstance(window, Keep) else window,
            by=one.by if isinstance(tags, Keep) else tags,
        )
        for one in sets
    )
