"""Judge a window: its records against the model's reference, and on drift what happened to the camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Engine

from driftwheel.drift.verdict import Kind
from driftwheel.services.known_references import KnownReferences
from driftwheel.store.models import Model
from driftwheel.store.windows import StoredWindow

if TYPE_CHECKING:
    from driftwheel.monitors.observation import Observation

__all__ = ["Judged", "WindowAnswer", "judge_window"]

WindowAnswer = Literal["drift", "no_drift", "insufficient", "no_reference", "error"]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is known of one window of one segment; as it goes into the table `verdicts`.

    Attributes
    ----------
    revision
        Of the window as it was judged.
    reference
        Key of the reference it was held against; None without one.
    answer
        ``error``: it could not be judged; the headline says why.
    kind, p_value, alpha
        As of `driftwheel.drift.verdict.Verdict`; None where nothing was tested.
    n
        Images of the window that were judged.
    headline
        The answer in a sentence.
    document
        `driftwheel.report.json_document` of the verdict, with only the images that matter most; None without
        a verdict.
    observations
        Every signal of `driftwheel.monitors.signal` by its name.
    exemplars
        Ids of records that show the change best, the best first, at most 8.
    """

    revision: int
    reference: int | None
    answer: WindowAnswer
    kind: Kind | None
    p_value: float | None
    alpha: float | None
    n: int
    headline: str
    document: Mapping[str, Any] | None = field(repr=False)
    observations: Mapping[str, Observation] = field(repr=False)
    exemplars: tuple[str, ...] = ()


def judge_window(
    engine: Engine, known: KnownReferences, model: Model, window: StoredWindow, *, seed: int = 0
) -> Judged:
    """Return the verdict on one window of one segment, and all its signals.

    Nothing is written. The same records, reference and seed give the same answer, whenever and wherever it is
    judged. The window may be stale: `Judged.revision` tells what was seen.

    Parameters
    ----------
    known
        References at hand, of `driftwheel.services.known_references`; threads share it.
    window
        Of `driftwheel.store.windows`, with or without its profile, which is read anew.

    Raises
    ------
    OSError
        When blobs or the database cannot be read now.
    """
    raise NotImplementedError
