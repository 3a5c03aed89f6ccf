"""Inhibition: an alert that another one explains is kept, and nobody is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from driftwheel.alerts.episode import Episode
from driftwheel.monitors.rule import Rule

__all__ = ["inhibitor"]


def inhibitor(episode: Episode, others: Sequence[Episode], rules: Mapping[int, Rule]) -> int | None:
    """Return the key of the open episode that explains this one, None if there is none.

    Parameters
    ----------
    episode
        An open one.
    others
        The open episodes of the same model; itself may be among them.
    rules
        Key of a monitor → its rule, for all of them.
    """
    raise NotImplementedError
