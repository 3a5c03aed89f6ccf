"""Judge reconstruction errors: whether an autoencoder shows the images of a window as it shows usual ones.

It is one of two looks at a window, as in `driftwheel check --autoencoder`: it takes half of what the verdict
may use of the dial, and everything else the other half. That is so where it counts: in windows that are held
against the reference that it was trained on. A segment is compared with its own images among those that were
held out, where they are 50 or more; of others it is not known what is usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.join_reconstruction import LOOKS, join_reconstruction
from driftwheel.drift.reconstruction import reconstruction_drift
from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.drift.verdict import Verdict
from driftwheel.learning.autoencoder_facts import AutoencoderFacts
from driftwheel.monitors.observation import Observation
from driftwheel.report.numbers import several
from driftwheel.services.measure.autoencoder_in_use import AutoencoderInUse
from driftwheel.services.measure.measured_reference import LEAST_OF_SEGMENT
from driftwheel.services.watch.window_records import WindowRecords
from driftwheel.store.windows.windows import StoredWindow

__all__ = [
    "ReconstructionLook",
    "join_look",
    "look_at_errors",
    "observe_reconstruction",
    "reconstructed_to_json",
]

_SIGNAL = "reconstruction"
_SHOWN = 8
_NONE = "No autoencoder looks at the images of this model."
_LATER = "None of its images was shown to the autoencoder: measure them again."
_EARLIER = "The autoencoder was trained on an earlier reference: not tested."
_UNTESTED = "Not tested in this window."


@dataclass(frozen=True, slots=True, eq=False)
class ReconstructionLook:
    """What an autoencoder found in the images of a window.

    Attributes
    ----------
    key
        Of its row.
    identity
        Of its file.
    facts
        With the errors that are usual for it.
    images, errors
        Ids of the records that it looked at, and their (n,) errors.
    why_not
        Why it does not count; empty where it does.
    held_out
        Rows of the held-out images that it is compared with: those of the window's segment, all where these
        are too few or not known.
    """

    key: int
    identity: str
    facts: AutoencoderFacts
    images: tuple[str, ...]
    errors: NDArray[np.float64]
    why_not: str
    held_out: NDArray[np.intp]

    @property
    def usual(self) -> NDArray[np.float64]:
        """The errors of these held-out images."""
        return self.facts.held_out_errors[self.held_out]

    @property
    def baseline(self) -> float:
        """Their mean."""
        return float(self.usual.mean())

    @property
    def shares(self) -> int:
        """Into how many equal shares the verdict's part of the dial goes: one for each look."""
        return 1 if self.why_not else LOOKS

    @property
    def over_baseline(self) -> float:
        """Per cent that the mean error lies above that of the held-out images."""
        return 100 * (float(self.errors.mean()) / self.baseline - 1)


def look_at_errors(
    autoencoder: AutoencoderInUse | None, reference: int | None, window: StoredWindow, records: WindowRecords
) -> ReconstructionLook | None:
    """Return what the autoencoder of a model found in the records of a window; None without one.

    Parameters
    ----------
    reference
        Key of the one that the window is held against.
    records
        With the errors that this autoencoder found.
    """
    if autoencoder is None:
        return None
    known = np.flatnonzero(np.isfinite(records.errors))
    facts = autoencoder.network.facts
    held_out = facts.of_segment(window.tag, window.value)
    unknown = _unknown(window, facts, held_out) if window.tag else ""
    why_not = ""
    if not len(known):
        why_not = _LATER
    elif autoencoder.stored.reference != reference:
        why_not = _EARLIER
    elif unknown:
        why_not = unknown
    elif len(known) < LEAST_SAMPLE:
        why_not = f"The autoencoder looked at {several(len(known), 'image')}, too few to be tested."
    return ReconstructionLook(
        autoencoder.stored.key,
        autoencoder.network.identity,
        facts,
        tuple(records.table.images[i] for i in known),
        records.errors[known],
        why_not,
        facts.of_segment("", "") if unknown else held_out,
    )


def _unknown(window: StoredWindow, facts: AutoencoderFacts, held_out: NDArray[np.intp]) -> str:
    """Return why it is not known what is usual of a segment; empty where it is."""
    n = len(held_out)
    if n >= LEAST_OF_SEGMENT and float(facts.held_out_errors[held_out].mean()):
        return ""
    if window.tag not in facts.held_out_tags:
        return (
            f"What is usual of this segment alone is not known: the images that were held out have no tag "
            f"'{window.tag}', or the autoencoder was trained by an earlier release."
        )
    if n >= LEAST_OF_SEGMENT:
        return "The held-out images of this segment are shown without any error: not tested."
    return (
        f"What is usual of this segment alone is not known: {several(n, 'image')} of it "
        f"{'was' if n == 1 else 'were'} held out, and {LEAST_OF_SEGMENT} are needed."
    )


def join_look(
    look: ReconstructionLook | None,
    verdict: Verdict,
    *,
    rng: np.random.Generator,
    false_alarms_per_year: float,
) -> Verdict:
    """Return the verdict of both looks; of one alone where there is no other, or it does not count.

    Parameters
    ----------
    verdict
        Reached at its share of the dial, see `ReconstructionLook.shares`.
    false_alarms_per_year
        Of both together.
    """
    if look is None or look.why_not:
        return verdict
    blocks = look.facts.held_out_blocks
    drift = reconstruction_drift(
        look.usual,
        look.errors,
        rng=rng,
        alpha=verdict.alpha,
        blocks=None if blocks is None else blocks[look.held_out],
    )
    return join_reconstruction(
        verdict,
        replace(drift, autoencoder=look.identity),
        [look.images[i] for i in _order(look)],
        false_alarms_per_year=false_alarms_per_year,
    )


def observe_reconstruction(look: ReconstructionLook | None, verdict: Verdict | None) -> Observation:
    """Return the signal ``reconstruction``: per cent over the baseline, judged as the verdict was."""
    if look is None or not look.images:
        return Observation(_SIGNAL, None, 0, note=_NONE if look is None else look.why_not)
    value, n = look.over_baseline, len(look.images)
    found = None if verdict is None else verdict.reconstruction
    if found is None:
        return Observation(_SIGNAL, value, n, usual=0.0, note=look.why_not or _UNTESTED)
    return Observation(
        _SIGNAL,
        value,
        n,
        usual=0.0,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        judged=found.drifted,
    )


def reconstructed_to_json(look: ReconstructionLook | None) -> Mapping[str, Any] | None:
    """Return which images show it best and their errors, as the document of a verdict holds it.

    Those with the largest errors, or the smallest where errors fell.
    """
    if look is None or not look.images:
        return None
    return {
        "autoencoder": look.key,
        "baseline": look.baseline,
        "images": [
            {"record": look.images[i], "error": float(look.errors[i])} for i in _order(look)[:_SHOWN].tolist()
        ],
    }


def _order(look: ReconstructionLook) -> NDArray[np.intp]:
    """Return the rows, the one that shows the change best first."""
    return np.argsort(look.errors if look.over_baseline < 0 else -look.errors, kind="stable")
