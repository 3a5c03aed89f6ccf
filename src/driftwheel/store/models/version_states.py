"""The states of a model's version, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

__all__ = ["MOVES", "STATES", "VersionState", "may_become"]

VersionState = Literal["trained", "validated", "shadow", "champion", "retired"]
"""``trained``: there is a file. ``validated``: the gate let it in. ``shadow``: it answers beside the champion
unheard. ``champion``: it is served. ``retired``: it was the champion, or will not be."""

STATES: Final[tuple[VersionState, ...]] = get_args(VersionState)

MOVES: Final[Mapping[VersionState, frozenset[VersionState]]] = {
    "trained": frozenset({"validated", "shadow", "champion", "retired"}),
    "validated": frozenset({"shadow", "champion", "retired"}),
    "shadow": frozenset({"trained", "validated", "champion", "retired"}),
    "champion": frozenset({"retired"}),
    "retired": frozenset({"trained", "champion"}),
}
"""From each state those that may follow. A champion leaves only when another takes its place; one that was
retired may come back, as by a rollback."""


def may_become(state: VersionState, wanted: VersionState) -> bool:
    """Whether a version may go from a state into another.

    Examples
    --------
    >>> may_become("trained", "shadow"), may_become("champion", "trained")
    (True, False)
    """
    return wanted in MOVES[state]
