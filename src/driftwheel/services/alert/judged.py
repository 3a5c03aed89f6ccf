"""What is known of one window of one segment once it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from driftwheel.drift.verdict import Kind
from driftwheel.monitors.observation import Observation, observations_to_json
from driftwheel.store.windows.verdicts import Answer, NewVerdict
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["Judged"]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is known of one window of one segment; as it goes into the table `verdicts`.

    Attributes
    ----------
    revision
        Of the window as it was judged, or an earlier one.
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
    answer: Answer
    kind: Kind | None
    p_value: float | None
    alpha: float | None
    n: int
    headline: str
    document: Mapping[str, Any] | None = field(repr=False)
    observations: Mapping[str, Observation] = field(repr=False)
    exemplars: tuple[str, ...] = ()

    def as_verdict(self, window: StoredWindow, made: datetime) -> NewVerdict:
        """Return it as it is kept; `window` is the one that was judged, `made` the time now."""
        return NewVerdict(
            model=window.model,
            start=window.start,
            end=window.end,
            tag=window.tag,
            value=window.value,
            revision=self.revision,
            reference=self.reference,
            answer=self.answer,
            kind=self.kind,
            p_value=self.p_value,
            alpha=self.alpha,
            n=self.n,
            headline=self.headline,
            document=self.document,
            observations=observations_to_json(self.observations),
            exemplars=self.exemplars,
            made=made,
        )
