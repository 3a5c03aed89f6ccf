"""Observe a window: every signal that monitors may watch, with what is usual of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from driftwheel.drift.verdict import Verdict
from driftwheel.services.known_references import KnownReferences
from driftwheel.store.models import Model
from driftwheel.store.windows import StoredWindow

if TYPE_CHECKING:
    from driftwheel.monitors.observation import Observation

__all__ = ["observe_window"]


def observe_window(
    connection: Connection,
    known: KnownReferences,
    model: Model,
    window: StoredWindow,
    verdict: Verdict | None,
) -> Mapping[str, Observation]:
    """Return every signal of `driftwheel.monitors.signal` for one window of one segment, by name.

    Parameters
    ----------
    connection
        Sees the database as it is at one moment.
    window
        With its profile.
    verdict
        On its images; None without a reference.
    """
    raise NotImplementedError
